package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// pictureJob is one picture to read and one to write; - is standard input or output.
type pictureJob struct{ in, out string }

// jobs says which pictures are read and written.
func (f *imageFlags) jobs(args []string) ([]pictureJob, error) {
	var jobs []pictureJob
	several := len(args) > 1
	for _, arg := range args {
		ins, isSet, err := expand(arg)
		if err != nil {
			return nil, err
		}
		several = several || isSet
		for _, in := range ins {
			jobs = append(jobs, pictureJob{in: in})
		}
	}
	if several || isFolder(f.out) {
		return jobs, f.intoFolder(jobs)
	}
	if filepath.Ext(f.out) == "" && f.out != "-" {
		return nil, withHint(usagef("-o %s has no ending that tells the format", f.out), "-o %s.png, or %s/ for a folder", shellQuote(f.out), shellQuote(f.out))
	}
	jobs[0].out = f.out
	if f.out != "-" {
		if err := checkTarget(f.out); err != nil {
			return nil, err
		}
	}
	return jobs, refuseSame(jobs)
}

// expand gives the pictures that an argument stands for: a file, -, all pictures of a folder, or a pattern.
func expand(arg string) (files []string, isSet bool, err error) {
	info, err := os.Stat(arg)
	switch {
	case arg == "-", err == nil && !info.IsDir():
		return []string{arg}, false, nil
	case err == nil:
		entries, err := os.ReadDir(arg)
		if err != nil {
			return nil, true, inputf("%w", readError(arg, err))
		}
		for _, e := range entries {
			if slices.Contains(pictureTypes, strings.ToLower(filepath.Ext(e.Name()))) {
				files = append(files, filepath.Join(arg, e.Name()))
			}
		}
		if len(files) == 0 {
			return nil, true, inputf("the folder %s has no pictures (%s)", arg, strings.Join(pictureTypes, " "))
		}
		return files, true, nil
	}
	if files, globErr := filepath.Glob(arg); globErr == nil && len(files) > 0 {
		return files, true, nil
	}
	return nil, false, inputf("%w", readError(arg, err))
}

// isFolder tells whether a path names a folder: an existing one, or one to be made.
func isFolder(path string) bool {
	if strings.HasSuffix(path, "/") || strings.HasSuffix(path, string(filepath.Separator)) {
		return true
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// intoFolder names results after their pictures, in the folder of -o, which is made if it is missing.
func (f *imageFlags) intoFolder(jobs []pictureJob) error {
	if f.out == "-" || filepath.Ext(f.out) != "" && !isFolder(f.out) {
		return usagef("-o %s is one picture, but there are several to write: name a folder", f.out)
	}
	taken := map[string]string{}
	for i, j := range jobs {
		name := "stdin.png"
		if j.in != "-" {
			base := filepath.Base(j.in)
			name = strings.TrimSuffix(base, filepath.Ext(base)) + ".png"
		}
		jobs[i].out = filepath.Join(f.out, name)
		if other, twice := taken[name]; twice {
			return usagef("%s and %s would both be written to %s", other, j.in, jobs[i].out)
		}
		taken[name] = j.in
	}
	if err := refuseSame(jobs); err != nil {
		return err
	}
	return writeError(f.out, os.MkdirAll(f.out, 0o777))
}

// refuseSame keeps pictures from being replaced by their results.
func refuseSame(jobs []pictureJob) error {
	for _, j := range jobs {
		in, errIn := os.Stat(j.in)
		out, errOut := os.Stat(j.out)
		if errIn == nil && errOut == nil && os.SameFile(in, out) {
			return usagef("%s would be replaced by its own result", j.in)
		}
	}
	return nil
}
