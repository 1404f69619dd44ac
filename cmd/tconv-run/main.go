// Command tconv-run runs, inspects, checks and times ONNX models from the command line.
//
//	tconv-run model.onnx                          run once on seeded random inputs
//	tconv-run image model.onnx photo.jpg -o out.png
//	tconv-run help
package main

import "os"

func main() { os.Exit(command(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
