//go:build !linux

package portable

// New returns the collector of the running system.
func New() (*Collector, error) {
	s, h, root, err := native()
	if err != nil {
		return nil, err
	}
	return newCollector(s, h, root), nil
}
