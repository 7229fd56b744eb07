package tool

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
)

// listed is a package of the build, as go list tells.
type listed struct {
	ImportPath string
	Dir        string
	Export     string
	ForTest    string
	Standard   bool
	GoFiles    []string
	CgoFiles   []string
	Imports    []string
	Deps       []string
	ImportMap  map[string]string
	Error      *struct{ Err string }
	DepsErrors []*struct{ Err string }
	Module     *struct{ GoVersion string }
}

// list asks the go command for the packages of a build and all they import.
func list(l line, overlay string, test bool) ([]*listed, error) {
	args := append([]string{"list"}, l.listFlags()...)
	args = append(args, "-e", "-deps", "-export",
		"-json=ImportPath,Dir,Export,ForTest,Standard,GoFiles,CgoFiles,Imports,Deps,ImportMap,Error,DepsErrors,Module")
	if test {
		args = append(args, "-test")
	}
	if overlay != "" {
		args = append(args, "-overlay="+overlay)
	}
	args = append(args, "--")
	cmd := exec.Command("go", append(args, l.packages...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, errors.New(strings.TrimSpace(errs.String()))
	}
	var pkgs []*listed
	for d := json.NewDecoder(&out); ; {
		p := new(listed)
		if err := d.Decode(p); err == io.EOF {
			return pkgs, nil
		} else if err != nil {
			return nil, err
		}
		pkgs = append(pkgs, p)
	}
}

// files returns the names of the Go files that the user wrote.
func (p *listed) files() (list []string) {
	for _, f := range append(p.GoFiles[:len(p.GoFiles):len(p.GoFiles)], p.CgoFiles...) {
		list = append(list, p.path(f))
	}
	return list
}

func (p *listed) path(f string) string {
	if filepath.IsAbs(f) {
		return f
	}
	return filepath.Join(p.Dir, f)
}

// broken reports whether the go command has something to say about a package.
func (p *listed) broken() bool { return p.Error != nil || len(p.DepsErrors) > 0 }

// plainPath is the import path without the test it was built for.
func (p *listed) plainPath() string {
	path, _, _ := strings.Cut(p.ImportPath, " ")
	return path
}
