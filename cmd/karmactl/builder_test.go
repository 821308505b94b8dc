package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	media "github.com/google/go-containerregistry/pkg/v1/types"
)

// builder stands for docker on the user's machine: it notes how it was called in
// $BUILDER_LOG, and what it saves is a real image for the platform it was told: a
// layer that all images have, and one of its own, different for each $BUILD_OF. $BUILDER_FAILS is what a build says before it fails; with $BUILD_BEHAVES
// the simulated tasks of the image behave so, crash for one.
func builder() {
	if err := build(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func build(args []string) error {
	log, err := os.OpenFile(os.Getenv("BUILDER_LOG"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(log, strings.Join(args, " "))
	if err := errors.Join(err, log.Close()); err != nil {
		return err
	}
	after := func(flag string) string { return args[slices.Index(args, flag)+1] }
	if why := os.Getenv("BUILDER_FAILS"); why != "" {
		return errors.New(why)
	}
	// What was built is kept as the platform that it is for.
	kept := func(tag string) string {
		return os.Getenv("BUILDER_LOG") + "." + strings.NewReplacer("/", "_", ":", "_").Replace(tag)
	}
	if args[0] != "save" {
		return os.WriteFile(kept(after("--tag")), []byte(after("--platform")), 0o644)
	}
	tag := args[len(args)-1]
	platform, err := os.ReadFile(kept(tag))
	if err != nil {
		return err
	}
	_, arch, _ := strings.Cut(string(platform), "/")
	config := &v1.ConfigFile{OS: "linux", Architecture: arch}
	if b := os.Getenv("BUILD_BEHAVES"); b != "" {
		config.Config.Labels = map[string]string{"awssim.behaviour": b}
	}
	img, err := mutate.ConfigFile(empty.Image, config)
	if err != nil {
		return err
	}
	own := strings.Repeat(tag+os.Getenv("BUILD_OF"), 20_000)
	if img, err = mutate.AppendLayers(img, static.NewLayer(make([]byte, 1_000_000), media.DockerUncompressedLayer), static.NewLayer([]byte(own), media.DockerUncompressedLayer)); err != nil {
		return err
	}
	ref, err := name.NewTag(tag)
	if err != nil {
		return err
	}
	return tarball.WriteToFile(after("--output"), ref, img)
}
