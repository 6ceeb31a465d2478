package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vapi/rest"
)

const restSession = "/api/session"

// serveImages answers for the lifecycle manager, which the library does not play.
func serveImages(service *simulator.Service, bed *testbed) {
	service.HandleFunc("/api/esx/settings/clusters/{cluster}/software/compliance", func(w http.ResponseWriter, r *http.Request) {
		answer, known := bed.Images[r.PathValue("cluster")]
		if r.Method != http.MethodGet || !known {
			restError(w, http.StatusNotFound, "NOT_FOUND", "The cluster is not managed with a single image.")
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	})
}

// serveSupervisors answers, by path, what the library does not play of Supervisors; any other path is the library's.
func serveSupervisors(service *simulator.Service, bed *testbed) {
	for path, answer := range bed.Supervisors {
		service.HandleFunc(http.MethodGet+" "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(answer)
		})
	}
}

// serveRest counts what is asked over REST, and misbehaves as the rules say: their method is "GET /api/...".
func (f *front) serveRest(w http.ResponseWriter, r *http.Request) {
	method := r.Method + " " + r.URL.Path
	f.seen.call(method)
	if f.role.missing(method) != "" {
		restError(w, http.StatusForbidden, "UNAUTHORIZED", "Permission to perform this operation was denied.")
		return
	}
	chosen := f.choose(method, "")
	if chosen == nil {
		f.countSession(w, r)
		return
	}
	switch chosen.Kind {
	case "no_permission":
		restError(w, http.StatusForbidden, "UNAUTHORIZED", "Permission to perform this operation was denied.")
	case "not_authenticated":
		restError(w, http.StatusUnauthorized, "UNAUTHENTICATED", "The session is not authenticated.")
	case "busy":
		http.Error(w, "503 Service Unavailable", http.StatusServiceUnavailable)
	case "drop":
		hangUp(w, nil)
	case "truncate":
		f.truncate(w, r, chosen.Amount)
	case "delay":
		select {
		case <-time.After(time.Duration(chosen.Amount) * time.Millisecond):
			f.next.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	default:
		http.Error(w, "unknown kind of rule: "+chosen.Kind, http.StatusInternalServerError)
	}
}

// countSession passes a request on, and counts the sessions that it opens and ends.
//
// The library has the session of older releases alone: /rest/com/vmware/cis/session, whose answer is
// {"value": id}. That of /api/session is the id itself, with status 201.
func (f *front) countSession(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != restSession || r.Method != http.MethodPost && r.Method != http.MethodDelete {
		f.next.ServeHTTP(w, r)
		return
	}
	r.URL.Path = rest.Path + "/com/vmware/cis/session"
	r.Header.Set("vmware-use-header-authn", "true")
	answer := httptest.NewRecorder()
	f.next.ServeHTTP(answer, r)
	var told struct {
		Value string `json:"value"`
	}
	if answer.Code != http.StatusOK || r.Method == http.MethodPost && json.Unmarshal(answer.Body.Bytes(), &told) != nil {
		restError(w, http.StatusUnauthorized, "UNAUTHENTICATED", "Authentication required.")
		return
	}
	f.seen.mu.Lock()
	defer f.seen.mu.Unlock()
	if r.Method == http.MethodDelete {
		f.seen.Rest--
		w.WriteHeader(http.StatusNoContent)
		return
	}
	f.seen.Rest++
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(told.Value)
}

func restError(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"error_type": kind,
		"messages":   []map[string]any{{"id": "com.vmware.hostcheck.test", "default_message": message, "args": []string{}}},
	})
}
