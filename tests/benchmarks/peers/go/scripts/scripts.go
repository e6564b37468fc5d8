package main

import (
	"os"
	"path/filepath"

	"github.com/redis/go-redis/v9"
)

// scripts are the scripts of the service that this server runs.
type scripts struct {
	commit, ranks, top, recover *redis.Script
}

// loadScripts reads the scripts from a folder, each from `<name>.lua`.
func loadScripts(folder string) (*scripts, error) {
	var loaded scripts
	for name, script := range map[string]**redis.Script{
		"commit": &loaded.commit, "ranks": &loaded.ranks, "top": &loaded.top, "recover": &loaded.recover,
	} {
		source, err := os.ReadFile(filepath.Join(folder, name+".lua"))
		if err != nil {
			return nil, err
		}
		*script = redis.NewScript(string(source))
	}
	return &loaded, nil
}
