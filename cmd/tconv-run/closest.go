package main

// closest gives the word that a user probably meant: the nearest by edits, at most a third of its letters away; "" if
// there is none.
func closest(word string, words []string) string {
	best, bestDistance := "", len(word)/3+1
	for _, w := range words {
		if d := edits(word, w); d <= bestDistance && (best == "" || d < edits(word, best)) {
			best = w
		}
	}
	return best
}

// edits counts the letters to insert, remove or replace that turn a into b, ignoring case of ASCII letters.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if lower(a[i]) == lower(b[j]) {
				cost = 0
			}
			corner, row[j+1] = row[j+1], min(corner+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
