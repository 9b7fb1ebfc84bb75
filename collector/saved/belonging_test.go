package saved

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/sockls/sockls/collector/socket"
)

// TestSameProcess changes every field there is, of what a process points to as
// well, so that none is forgotten when one is added.
func TestSameProcess(t *testing.T) {
	t.Parallel()
	whole := func() *socket.Process {
		return &socket.Process{
			Parents: []socket.Ancestor{{PID: 1, Name: "init"}},
			Workload: &socket.Workload{
				Container: &socket.Container{},
				Proxy:     &socket.Proxy{Container: &socket.Container{}},
			},
		}
	}
	if !sameProcess(whole(), whole()) {
		t.Fatal("a process is not the same as its copy")
	}
	changes := 0
	var each func(v reflect.Value, path string, check func(path string))
	each = func(v reflect.Value, path string, check func(path string)) {
		for i := range v.NumField() {
			f, name := v.Field(i), path+"."+v.Type().Field(i).Name
			before := reflect.New(f.Type()).Elem()
			before.Set(f)
			switch x := f.Addr().Interface().(type) {
			case *time.Time:
				*x = x.Add(time.Second)
			case *netip.AddrPort:
				*x = netip.MustParseAddrPort("192.0.2.1:80")
			case *[]socket.Ancestor:
				*x = nil
			default:
				switch f.Kind() {
				case reflect.String:
					f.SetString("changed")
				case reflect.Bool:
					f.SetBool(true)
				case reflect.Int:
					f.SetInt(7)
				case reflect.Uint8, reflect.Uint32:
					f.SetUint(7)
				case reflect.Pointer:
					each(f.Elem(), name, check)
					f.SetZero()
				default:
					t.Fatalf("%s is of a kind that this test does not know", name)
				}
			}
			changes++
			check(name)
			f.Set(before)
		}
	}
	p := whole()
	each(reflect.ValueOf(p).Elem(), "Process", func(path string) {
		if sameProcess(whole(), p) || sameProcess(p, whole()) {
			t.Errorf("%s makes no difference", path)
		}
	})
	if changes < 25 {
		t.Errorf("only %d fields were changed", changes)
	}
}
