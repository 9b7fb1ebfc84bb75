package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	var p packer
	flag.StringVar(&p.out, "out", "dist", "`directory` to write to")
	flag.StringVar(&p.source, "source", ".", "`directory` of the module")
	flag.BoolVar(&p.stageOnly, "stage", false, "make no archives: only lay out what packages are made of")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: pack [-out DIR] [-source DIR] [-stage] OS/ARCH...")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := p.run(ctx, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}
