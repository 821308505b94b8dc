package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
)

// findFile finds agents.yaml in the nearest folder above this one, as git finds its repository; above is that folder,
// from here. Both are "" where the file is here, or nowhere. A repository's root is the last folder that is looked in.
func findFile() (file, above string) {
	here, err := os.Getwd()
	if err != nil {
		return "", ""
	}
	for dir := "."; ; dir = filepath.Join(dir, "..") {
		for _, name := range agents.DefaultFiles() {
			if path := filepath.Join(dir, name); exists(path) {
				if dir == "." {
					return "", ""
				}
				return path, dir
			}
		}
		if exists(filepath.Join(dir, ".git")) || filepath.Dir(here) == here {
			return "", ""
		}
		here = filepath.Dir(here)
	}
}

// rehearsalFrom is where a rehearsal is kept: where it is named, or where it is there already, beside the agents.yaml
// that is found above this folder.
func rehearsalFrom(path, file string) string {
	if path == "" || file != "" || filepath.IsAbs(path) || exists(path) {
		return path
	}
	if _, above := findFile(); above != "" && exists(filepath.Join(above, path)) {
		return filepath.Join(above, path)
	}
	return path
}

// world is the file of the simulated account: it is in the folder that --simulate names, with all that belongs to it.
// Where --simulate names a file that is there, an earlier karmactl has made it, and what belongs to it is beside it.
func (a *app) world() string {
	if info, err := os.Stat(a.opts.simulate); err == nil && !info.IsDir() {
		return a.opts.simulate
	}
	return filepath.Join(a.opts.simulate, worldName)
}

// worldName begins the names of all that a rehearsal keeps.
const worldName = "world.json"

// checkRehearsal refuses a folder that has something else in it: a rehearsal is deleted with its folder.
func checkRehearsal(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil || exists(filepath.Join(path, worldName)) { // it is made, or is there
		return nil
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), worldName) && !strings.HasPrefix(e.Name(), ".") {
			return &usageError{fmt.Errorf("--simulate %s: this folder has %s in it, and a rehearsal keeps its own: name one that is not there yet, such as --simulate %s", path, e.Name(), filepath.Join(path, "world"))}
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
