//go:build linux

package cli_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

func decodeObject(data []byte) (object, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var o object
	if err := decoder.Decode(&o); err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	if decoder.More() {
		return nil, errors.New("decode: more than one value")
	}
	return o, nil
}

// decodeRows takes one document, or one socket a line.
func decodeRows(data []byte) ([]object, error) {
	if document, err := decodeObject(data); err == nil && document["schema"] != nil {
		return documentRows(document)
	}
	var rows []object
	for line := range bytes.Lines(data) {
		row, err := decodeObject(line)
		if err != nil {
			return nil, err
		}
		if err := checkStamp(row); err != nil {
			return nil, err
		}
		delete(row, "host")
		delete(row, "time")
		rows = append(rows, row)
	}
	return rows, nil
}

func documentRows(document object) ([]object, error) {
	if document["schema"] != "sockls/v1" {
		return nil, fmt.Errorf("schema is %v", document["schema"])
	}
	if err := checkStamp(document); err != nil {
		return nil, err
	}
	source, ok := document["source"].(object)
	if !ok {
		return nil, fmt.Errorf("source is %v", document["source"])
	}
	if kernel, ok := source["kernel"].(string); !ok || kernel == "" {
		return nil, fmt.Errorf("kernel is %v", source["kernel"])
	}
	if tables, ok := source["tables"].([]any); !ok || len(tables) == 0 {
		return nil, fmt.Errorf("tables are %v", source["tables"])
	}
	if _, ok := document["notices"].([]any); !ok {
		return nil, fmt.Errorf("notices are %v", document["notices"])
	}
	list, ok := document["sockets"].([]any)
	if !ok {
		return nil, fmt.Errorf("sockets are %v", document["sockets"])
	}
	var rows []object
	for _, one := range list {
		row, ok := one.(object)
		if !ok {
			return nil, fmt.Errorf("socket is %v", one)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func checkStamp(o object) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	if o["host"] != host {
		return fmt.Errorf("host is %v, want %s", o["host"], host)
	}
	text, _ := o["time"].(string)
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return err
	}
	if age := time.Since(at); age < 0 || age > time.Hour {
		return fmt.Errorf("time is %v ago", age)
	}
	return nil
}
