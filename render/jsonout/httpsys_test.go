package jsonout

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockls/sockls/collector/machine"
	"github.com/sockls/sockls/collector/why"
	"github.com/sockls/sockls/render/internal/rendertest"
)

// TestHTTPQueues also is about a system without numbers for users.
func TestHTTPQueues(t *testing.T) {
	a := why.Answer{
		Bind: why.Bind{UID: why.NoUID},
		Reasons: []why.Reason{{Rule: why.RuleKernel, HTTP: []machine.HTTPQueue{{
			Name: "q\xff", PIDs: []int{1412, 1500}, Programs: []string{"svchost.exe", ""}, Services: []string{"W3SVC"},
			URLs: []machine.HTTPURL{{Text: "HTTP://*:80/\xff", Host: "*", Port: 80}},
		}}}},
	}
	var out bytes.Buffer
	if err := Why(&out, Head{Host: "box", Time: rendertest.Time}, &a); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Bind    struct{ Options struct{ UID *int } }
		Reasons []struct{ HTTP json.RawMessage }
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || len(got.Reasons) != 1 {
		t.Fatalf("%v\n%s", err, &out)
	}
	if got.Bind.Options.UID != nil {
		t.Errorf("uid %d", *got.Bind.Options.UID)
	}
	const want = `[{"queue":"q\\xff","queue_base64":"cf8=","processes":[{"pid":1412,"name":"svchost.exe"},{"pid":1500,"name":null}],` +
		`"services":[{"name":"W3SVC"}],"urls":[{"url":"HTTP://*:80/\\xff","url_base64":"SFRUUDovLyo6ODAv/w=="}]}]`
	if diff := cmp.Diff(want, string(got.Reasons[0].HTTP)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
