package main

import (
	"os"
	"path/filepath"

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

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
