package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// statistics counts what clients asked for, so that tests can prove what ran and what did not.
type statistics struct {
	mu       sync.Mutex
	Calls    map[string]int `json:"calls"`
	Commands map[string]int `json:"esxcli"`
	Paths    map[string]int `json:"paths"`
	Bytes    int            `json:"bytes"`
	Sessions int            `json:"open_sessions"`
	Rest     int            `json:"open_rest_sessions"`
	Places   []string       `json:"guest_places"`
}

func newStatistics() *statistics {
	return &statistics{Calls: map[string]int{}, Commands: map[string]int{}, Paths: map[string]int{}}
}

func (s *statistics) add(counter map[string]int, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	counter[key]++
}

func (s *statistics) call(name string)    { s.add(s.Calls, name) }
func (s *statistics) command(name string) { s.add(s.Commands, name) }
func (s *statistics) path(name string)    { s.add(s.Paths, name) }

func (s *statistics) count(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Calls[method]
}

func (s *statistics) place(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Places = append(s.Places, path)
}

func (s *statistics) sent(bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Bytes += bytes
}

// front stands before the library's HTTP handler.
type front struct {
	next     http.Handler
	registry *simulator.Registry
	rules    []*rule
	role     *role
	seen     *statistics
	mu       sync.Mutex
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/testbed/stats":
		f.serveStatistics(w)
	case r.Method == http.MethodPost && r.URL.Path == "/sdk":
		f.serveCall(w, r)
	case strings.HasPrefix(r.URL.Path, "/api/"):
		f.serveRest(w, r)
	default:
		f.next.ServeHTTP(w, r)
	}
}

func (f *front) serveStatistics(w http.ResponseWriter) {
	open := len(f.sessions())
	f.seen.mu.Lock()
	defer f.seen.mu.Unlock()
	f.seen.Sessions = open
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(f.seen)
}

// sessions lists the open ones through a session of its own that is never registered.
func (f *front) sessions() []types.UserSession {
	view := &simulator.Session{Registry: simulator.NewRegistry(), Map: f.registry}
	ref := f.registry.SessionManager().Reference()
	if manager, ok := view.Get(ref).(*simulator.SessionManager); ok {
		return manager.SessionList
	}
	return nil
}

var (
	methodPattern = regexp.MustCompile(`<(?:\w+:)?Body[^>]*>\s*<(?:\w+:)?(\w+)`)
	thisPattern   = regexp.MustCompile(`<(?:\w+:)?_this[^>]*?type="(?:\w+:)?(\w+)"[^>]*>([^<]*)<`)
)

func (f *front) serveCall(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "unreadable request", http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	method, this := "", types.ManagedObjectReference{}
	if found := methodPattern.FindSubmatch(body); found != nil {
		method = string(found[1])
	}
	if found := thisPattern.FindSubmatch(body); found != nil {
		this = types.ManagedObjectReference{Type: string(found[1]), Value: string(found[2])}
	}
	f.seen.call(method)
	if ours[method] {
		// The library has such objects of its own; an unknown type leads to ours instead.
		body = bytes.Replace(body, []byte(`type="`+this.Type+`"`), []byte(`type="`+ourType+`"`), 1)
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}

	if f.role.answers(w, method, body) {
		return
	}
	if missing := f.role.missing(method); missing != "" {
		writeFault(w, "NoPermission", "Permission to perform this operation was denied.", this, missing)
		return
	}
	chosen := f.choose(method, this.Value)
	if chosen == nil {
		f.pass(w, r)
		return
	}
	switch chosen.Kind {
	case "no_permission":
		writeFault(w, "NoPermission", "Permission to perform this operation was denied.", this, chosen.Privilege)
	case "not_authenticated":
		f.endSession(r)
		writeFault(w, "NotAuthenticated", "The session is not authenticated.", this, "System.View")
	case "busy":
		w.Header().Set("Retry-After", "1")
		http.Error(w, "503 Service Unavailable", http.StatusServiceUnavailable)
	case "drop":
		hangUp(w, nil)
	case "truncate":
		f.truncate(w, r, chosen.Amount)
	case "delay":
		select {
		case <-time.After(time.Duration(chosen.Amount) * time.Millisecond):
			f.pass(w, r)
		case <-r.Context().Done():
		}
	default:
		http.Error(w, "unknown kind of rule: "+chosen.Kind, http.StatusInternalServerError)
	}
}

// choose counts the call for every rule it matches and returns the first that applies now.
func (f *front) choose(method, object string) *rule {
	f.mu.Lock()
	defer f.mu.Unlock()
	var chosen *rule
	for _, candidate := range f.rules {
		if candidate.Kind == "hold" {
			continue
		}
		if candidate.Method != "*" && candidate.Method != method || candidate.Object != "" && candidate.Object != object {
			continue
		}
		candidate.matched++
		late := candidate.matched >= candidate.From
		early := candidate.Until == 0 || candidate.matched <= candidate.Until
		if chosen == nil && late && early {
			chosen = candidate
		}
	}
	return chosen
}

type countingWriter struct {
	http.ResponseWriter
	seen *statistics
}

func (c *countingWriter) Write(data []byte) (int, error) {
	n, err := c.ResponseWriter.Write(data)
	c.seen.sent(n)
	return n, err
}

func (f *front) pass(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	f.next.ServeHTTP(&countingWriter{w, f.seen}, r)
}

// truncate promises the whole answer and sends the first bytes of it.
func (f *front) truncate(w http.ResponseWriter, r *http.Request, limit int) {
	whole := httptest.NewRecorder()
	f.next.ServeHTTP(whole, r)
	answer := whole.Body.Bytes()
	head := fmt.Sprintf("HTTP/1.1 %d Answer\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: %d\r\n\r\n", whole.Code, len(answer))
	hangUp(w, append([]byte(head), answer[:min(limit, len(answer))]...))
}

func hangUp(w http.ResponseWriter, lastWords []byte) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		return
	}
	connection, _, err := hijacker.Hijack()
	if err != nil {
		return
	}
	_, _ = connection.Write(lastWords)
	_ = connection.Close()
}

// endSession makes the session of the request invalid, as if an administrator had ended it.
func (f *front) endSession(r *http.Request) {
	cookie, err := r.Cookie(soap.SessionCookieName)
	if err != nil {
		return
	}
	outsider := &simulator.Context{Map: f.registry, Session: &simulator.Session{Registry: simulator.NewRegistry(), Map: f.registry}}
	f.registry.SessionManager().TerminateSession(outsider, &types.TerminateSession{SessionId: []string{cookie.Value}})
}

func writeFault(w http.ResponseWriter, kind, message string, this mo.Reference, privilege string) {
	escape := func(text string) string {
		var out strings.Builder
		_ = xml.EscapeText(&out, []byte(text))
		return out.String()
	}
	ref := this.Reference()
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = fmt.Fprintf(w, xml.Header+`<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>%s</faultstring><detail><%[2]sFault xmlns="urn:vim25" xsi:type="%[2]s"><object type="%[3]s">%[4]s</object><privilegeId>%[5]s</privilegeId></%[2]sFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>`,
		escape(message), kind, escape(ref.Type), escape(ref.Value), escape(privilege))
}
