package main

import (
	"fmt"
	"time"
)

// A report is the result, as -json prints it.
type report struct {
	Files    int64   `json:"files"`
	Bytes    int64   `json:"bytes"`
	Lines    int64   `json:"lines"`
	Words    int64   `json:"words"`
	Top      []entry `json:"top"`
	Seconds  float64 `json:"seconds"`
	Restarts int64   `json:"restarts"`
}

type entry struct {
	Word  string `json:"word"`
	Count int64  `json:"count"`
}

// topWords is how many of the most frequent words are shown.
const topWords = 20

func newReport(sum Summary, took time.Duration) *report {
	r := &report{
		Files:   sum.Counts.Files,
		Bytes:   sum.Counts.Bytes,
		Lines:   sum.Counts.Lines,
		Words:   sum.Counts.Words,
		Top:     []entry{},
		Seconds: took.Seconds(),
	}
	for _, w := range top(sum.Freq, topWords) {
		r.Top = append(r.Top, entry(w))
	}
	return r
}

func (r *report) print() {
	fmt.Printf("%d files, %d bytes, %d lines, %d words in %.2f s", r.Files, r.Bytes, r.Lines, r.Words, r.Seconds)
	if r.Restarts > 0 {
		fmt.Printf(", %d workers replaced", r.Restarts)
	}
	fmt.Println()
	for _, e := range r.Top {
		fmt.Printf("%9d  %s\n", e.Count, e.Word)
	}
}
