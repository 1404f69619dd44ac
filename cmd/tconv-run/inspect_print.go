package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/tconv/tconv"
)

// print writes the report for people.
func (r *inspectReport) print(a *app) {
	a.printf("%s: %s", r.Model, bytesText(r.Bytes))
	for _, text := range []string{r.Producer, fmt.Sprintf("IR %d", r.IRVersion), opsetText(r.Opsets, r.Operators)} {
		if text != "" {
			a.printf(", %s", text)
		}
	}
	a.printf("\n")
	a.table(func(w *tabwriter.Writer) {
		printPorts(w, "inputs", r.Inputs)
		printPorts(w, "outputs", r.Outputs)
		fmt.Fprintf(w, "weights\t%s, %s, %s\n", plural(r.Weights.Tensors, "tensor"), fmt.Sprintf("%d parameters", r.Weights.Parameters), bytesText(r.Weights.Bytes))
		label := "operators"
		for _, line := range wrap(opTexts(r.Operators), 80) {
			fmt.Fprintf(w, "%s\t%s\n", label, line)
			label = ""
		}
		r.printPlan(w)
	})
	if a.verbose {
		for _, key := range slices.Sorted(maps.Keys(r.Properties)) {
			a.printf("property   %s = %s\n", key, clip(r.Properties[key], 200))
		}
	}
}

// printPlan writes what a run will need, or why that is not known.
func (r *inspectReport) printPlan(w *tabwriter.Writer) {
	switch {
	case r.Plan != nil:
		p := r.Plan
		var shapes []string
		for _, in := range r.Inputs {
			if s, ok := p.Shapes[in.Name]; ok {
				shapes = append(shapes, in.Name+" "+shapeText(s))
			}
		}
		fmt.Fprintf(w, "plan\tfor %s: %s, %s multiply-adds\n", strings.Join(shapes, ", "), plural(p.Steps, "step"), macText(p.MACs))
		fmt.Fprintf(w, "memory\t%s for values, %s for outputs, %s for weights\n",
			bytesText(int64(p.ArenaBytes)), bytesText(int64(p.OutputBytes)), bytesText(p.WeightBytes))
	case r.Open != "":
		fmt.Fprintf(w, "plan\t%s\n", r.Open)
		fmt.Fprintf(w, "\t%s\n", r.hint)
	}
}

func printPorts(w *tabwriter.Writer, label string, list []portInfo) {
	for _, p := range list {
		fmt.Fprintf(w, "%s\t%s  %s\n", label, p.Name, p.text)
		label = ""
	}
}

// opsetText lists the versions of the domains that operators use; the default domain has no name.
func opsetText(opsets map[string]int64, used []opCount) string {
	var parts []string
	for _, domain := range slices.Sorted(maps.Keys(opsets)) {
		name := "opset"
		if domain != "" && domain != "ai.onnx" {
			name = domain
			if !slices.ContainsFunc(used, func(o opCount) bool { return strings.HasPrefix(o.Op, domain+".") }) {
				continue
			}
		}
		parts = append(parts, fmt.Sprintf("%s %d", name, opsets[domain]))
	}
	return strings.Join(parts, ", ")
}

func opTexts(list []opCount) []string {
	out := make([]string, len(list))
	for i, o := range list {
		out[i] = fmt.Sprintf("%d %s", o.Count, o.Op)
	}
	return out
}

// wrap joins words with commas to lines of at most width bytes.
func wrap(words []string, width int) []string {
	var lines []string
	line := ""
	for i, w := range words {
		if i+1 < len(words) {
			w += ","
		}
		if line != "" && len(line)+1+len(w) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += w
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// printStage writes the graph after a stage of loading, or the steps of the plan.
func (f *inspectFlags) printStage(a *app, m *tconv.Model) error {
	var shapes map[string][]int
	var err error
	if f.stage != "graph" {
		if shapes, err = inputShapes(m); err != nil {
			return err
		}
	}
	if f.stage == "plan" {
		plan, err := m.Plan(shapes)
		if err != nil {
			return nodeError(err)
		}
		if a.json {
			return a.printJSON(map[string]any{"schema": "tconv/inspect/1", "model": m.Path(), "plan": newPlanInfo(plan, shapes)})
		}
		printPlanSteps(a, plan)
		return nil
	}
	text, err := m.Stage(f.stage, shapes)
	if err != nil {
		return nodeError(err)
	}
	if a.json {
		return a.printJSON(map[string]any{"schema": "tconv/inspect/1", "model": m.Path(), "stage": f.stage, "text": text})
	}
	a.printf("%s", text)
	return nil
}

// printPlanSteps writes a line per step.
func printPlanSteps(a *app, p *tconv.Plan) {
	a.table(func(w *tabwriter.Writer) {
		fmt.Fprintln(w, "step\tnode\toperator\tkernel\toutputs\tmultiply-adds\tplace")
		for i, s := range p.Steps {
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", i, clip(s.Node, 40), s.Op, s.Kernel, strings.Join(s.Outputs, ", "), macText(s.MACs), s.Place)
		}
	})
	a.printf("%s for values, %s for outputs, %s for weights, %s multiply-adds\n", bytesText(int64(p.ArenaBytes)), bytesText(int64(p.OutputBytes)),
		bytesText(p.WeightBytes), macText(p.MACs))
}
