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

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
