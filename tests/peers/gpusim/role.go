package main

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
)

// role holds what the only account may do. The library enforces no privilege and says that all are granted.
type role struct {
	granted map[string]bool
	needs   map[string]string
}

func roleOf(bed *testbed) *role {
	if bed.Granted == nil {
		return nil
	}
	r := &role{granted: map[string]bool{}, needs: bed.Needs}
	for _, name := range bed.Granted {
		r.granted[name] = true
	}
	return r
}

// missing names the privilege that a call needs and the account lacks; it is empty where nothing is missing.
func (r *role) missing(method string) string {
	if r == nil {
		return ""
	}
	needed := r.needs[method]
	for prefix, privilege := range r.needs {
		if strings.Contains(prefix, " ") && strings.HasPrefix(method, prefix) {
			needed = privilege
		}
	}
	if needed == "" || r.granted[needed] {
		return ""
	}
	return needed
}

type asked struct {
	Body struct {
		Call struct {
			Entity []struct {
				Type string `xml:"type,attr"`
				ID   string `xml:",chardata"`
			} `xml:"entity"`
			Session string   `xml:"sessionId"`
			PrivID  []string `xml:"privId"`
		} `xml:"HasPrivilegeOnEntities"`
	} `xml:"Body"`
}

// answers tells which privileges the account has on objects, as AuthorizationManager does.
func (r *role) answers(w http.ResponseWriter, method string, body []byte) bool {
	if r == nil || method != "HasPrivilegeOnEntities" {
		return false
	}
	var call asked
	if err := xml.Unmarshal(body, &call); err != nil || call.Body.Call.Session == "" {
		http.Error(w, "not a call of HasPrivilegeOnEntities", http.StatusBadRequest)
		return true
	}
	var told strings.Builder
	for _, one := range call.Body.Call.Entity {
		fmt.Fprintf(&told, `<returnval><entity type="%s">%s</entity>`, one.Type, one.ID)
		for _, id := range call.Body.Call.PrivID {
			fmt.Fprintf(&told, `<privAvailability><privId>%s</privId><isGranted>%t</isGranted></privAvailability>`, id, r.granted[id])
		}
		told.WriteString("</returnval>")
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	_, _ = fmt.Fprintf(w, xml.Header+`<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><HasPrivilegeOnEntitiesResponse xmlns="urn:vim25">%s</HasPrivilegeOnEntitiesResponse></soapenv:Body></soapenv:Envelope>`, told.String())
	return true
}
