package main

import (
	"context"
	"fmt"
	goimage "image"
	"image/color"
	"image/png"
	"io"
	"os"
	"slices"
	"time"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/futures/python"
)

// The size of the image, of the pieces that workers draw, and the number of a
// pixel inside of the set, which is DEPTH in py/mandelbrot.py.
const (
	width, height = 600, 400
	bandHeight    = 20
	depth         = 100
)

// A band is what draw(image, top=…, bottom=…) takes: in a struct with tags each
// field is an argument. The image does not travel, it is shared memory.
type band struct {
	Image  *python.Array[uint8] `python:",positional"`
	Top    int                  `python:"top"`
	Bottom int                  `python:"bottom"`
}

const drawBand = python.Func[band, string]("mandelbrot:draw")

// image has Python draw into memory that Go reads.
func image(ctx context.Context, w io.Writer, pool *python.Pool, o options) error {
	pixels, err := python.NewArray[uint8](height, width)
	if err != nil {
		return err
	}
	defer pixels.Close()
	var bands []band
	for top := 0; top < height; top += bandHeight {
		bands = append(bands, band{pixels, top, top + bandHeight})
	}
	start := time.Now()
	var by string
	for name, err := range futures.Map(ctx, pool, drawBand, slices.Values(bands)) {
		if err != nil {
			return err
		}
		by = name
	}
	pyTime := ms(start)

	start = time.Now()
	want := mandelbrot()
	goTime := ms(start)
	if !slices.Equal(pixels.Slice(), want) {
		return fmt.Errorf("drawn by Python and by Go, the image is not the same")
	}
	fmt.Fprintf(w, "image     %d × %d in %d bands: %s %v, Go on one processor %v; the same pixels\n", width, height, len(bands), by, pyTime, goTime)
	sketch(w, pixels.Slice())
	if o.png == "" {
		return nil
	}
	return writePNG(o.png, pixels.Slice())
}

// mandelbrot is the image as Go draws it.
func mandelbrot() []uint8 {
	pixels := make([]uint8, width*height)
	for y := range height {
		ci := 2.4*(float64(y)+0.5)/height - 1.2
		for x := range width {
			cr := 3.2*(float64(x)+0.5)/width - 2.3
			zr, zi, steps := 0.0, 0.0, 0
			for steps < depth {
				rr, ii := float64(zr*zr), float64(zi*zi)
				if rr+ii > 4 {
					break
				}
				zi = float64(2*zr*zi) + ci // each operation rounded, also where the processor has one for both
				zr = rr - ii + cr
				steps++
			}
			pixels[y*width+x] = uint8(steps)
		}
	}
	return pixels
}

// sketch prints the image in 16 lines.
func sketch(w io.Writer, pixels []uint8) {
	const lines, columns = 16, 60
	for line := range lines {
		fmt.Fprint(w, "          ")
		for column := range columns {
			steps := pixels[(2*line+1)*height/(2*lines)*width+(2*column+1)*width/(2*columns)]
			shade := " .:-=+*%@"
			switch {
			case steps == depth:
				fmt.Fprint(w, "#")
			default:
				fmt.Fprintf(w, "%c", shade[min(int(steps)/3, len(shade)-1)])
			}
		}
		fmt.Fprintln(w)
	}
}

func writePNG(name string, pixels []uint8) error {
	gray := goimage.NewGray(goimage.Rect(0, 0, width, height))
	for i, steps := range pixels {
		gray.SetGray(i%width, i/width, color.Gray{Y: 255 - steps*2})
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := png.Encode(f, gray); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
