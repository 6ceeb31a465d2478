// Command standin stands in for the smoke test's program where that is not at issue: the same command
// line and JSON of the same schema. STAND_IN chooses what becomes of it: a status of the program, or
// hang, silent, cut (JSON that ends early), liar (a pass with wrong elements), crash.
package main

import (
	"encoding/json"
	"os"
	"syscall"
	"time"
)

type object map[string]any

var codes = map[string]int{
	"pass": 0, "fail": 1, "usage": 2, "not_applicable": 3, "no_device": 4, "error": 5, "timeout": 6, "slow": 7,
}

func results(what string) []object {
	bad, speedup := 0, 1.52
	switch what {
	case "fail", "liar":
		bad = 3
	case "slow":
		speedup = 1.04
	case "not_applicable", "no_device", "error", "timeout":
		return []object{}
	}
	return []object{{
		"dtype": "int8",
		"verify": object{
			"m": 256, "n": 256, "k": 1024, "elements": 65536, "sparse_bad_cpu": bad, "dense_bad_cpu": 0,
			"sparse_bad_gpu": 0, "dense_bad_gpu": 0,
		},
		"controls": object{
			"metadata": object{"caught": true, "bad": 64, "row": 5},
			"weight":   object{"caught": true, "bad": 64, "row": 9},
			"restored": object{"bad": 0},
		},
		"speed": object{
			"m": 4096, "n": 4096, "k": 8192, "waves": 4, "dense_ms": 1.0, "sparse_ms": 0.7, "dense_tops": 200.0,
			"sparse_tops": 304.0, "speedup": speedup, "speedup_min": 1.01, "speedup_max": 1.55,
			"peak_dense_tops": 312.0, "full_bad_gpu": 0, "sampled_bad_cpu": 0,
		},
	}}
}

func main() {
	output, what := "/dev/stdout", os.Getenv("STAND_IN")
	for at, word := range os.Args {
		if word == "--output" && at+1 < len(os.Args) {
			output = os.Args[at+1]
		}
	}
	status := what
	switch what {
	case "hang":
		time.Sleep(5 * time.Minute)
	case "silent":
		os.Exit(9)
	case "crash":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "", "liar", "cut":
		status = "pass"
	}
	text, err := json.Marshal(object{
		"schema": "hostcheck.sparse24/1", "status": status, "exit_code": codes[status], "reason": "stand-in: " + what,
		"gpu":     object{"name": "Stand-in GPU", "driver": "550.90.07", "sharing": "none"},
		"results": results(what),
	})
	if err != nil {
		os.Exit(70)
	}
	if what == "cut" {
		text = text[:200]
	}
	if err = os.WriteFile(output, append(text, '\n'), 0o600); err != nil {
		os.Exit(71)
	}
	os.Exit(codes[status])
}
