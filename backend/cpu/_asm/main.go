// Command _asm writes the assembly kernels of package cpu and their Go declarations.
//
// One body of a kernel is written once, as a Go function that emits text for an instruction set; that function is run
// for each instruction set and tile size. To add a kernel, write its function in a file of its own and list it in
// generated.
package main

import (
	"flag"
	"go/format"
	"log"
	"os"
	"path/filepath"
)

// generated lists the files and who writes them.
var generated = []struct {
	name  string
	write func() string
}{
	{"gemm_amd64.s", gemmAssembly},
	{"gemm_amd64.go", gemmDeclarations},
	{"gather_amd64.s", gatherAssembly},
	{"gather_amd64.go", gatherDeclarations},
	{"axpy_amd64.s", axpyAssembly},
	{"axpy_amd64.go", axpyDeclarations},
	{"quantize_amd64.s", quantizeAssembly},
	{"quantize_amd64.go", quantizeDeclarations},
	{"vec_amd64.s", vecAssembly},
	{"vec_amd64.go", vecDeclarations},
	{"finish_amd64.s", finishAssembly},
	{"finish_amd64.go", finishDeclarations},
	{"tile_amd64.s", tileAssembly},
	{"tile_amd64.go", tileDeclarations},
	{"tiledot_amd64.s", dotAssembly},
	{"tiledot_amd64.go", dotDeclarations},
	{"pixel_amd64.s", pixelAssembly},
	{"pixel_amd64.go", pixelDeclarations},
	{"mapkernels_amd64.s", mapAssembly},
	{"mapkernels_amd64.go", mapDeclarations},
	{"spread_amd64.s", spreadAssembly},
	{"spread_amd64.go", spreadDeclarations},
	{"tilepeak_amd64.s", peakAssembly},
	{"tilepeak_amd64.go", peakDeclarations},
	{"winograd_amd64.s", winogradAssembly},
	{"winograd_amd64.go", winogradDeclarations},
}

func main() {
	log.SetFlags(0)
	out := flag.String("out", ".", "folder to write to")
	flag.Parse()
	for _, file := range generated {
		text := []byte(file.write())
		if filepath.Ext(file.name) == ".go" {
			formatted, err := format.Source(text)
			if err != nil {
				log.Fatalf("%s: %v\n%s", file.name, err, text)
			}
			text = formatted
		}
		if err := os.WriteFile(filepath.Join(*out, file.name), text, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
