package cpu

// pixelCut is the output of a PixelConvPlan cut into pieces, the chunks of a parallel region, and how the input of a
// piece lies in its scratch planes. It depends on the geometry alone. Sizes are floats.
type pixelCut struct {
	rows, cols    int // outputs of a piece
	bands, strips int // pieces along height and width

	pitch    int // from row to row of the scratch planes
	plane    int // from one depth tap to the next
	channel  int // from channel to channel
	channels int // in the scratch
	floats   int // scratch of a worker
}

// Sizes of pieces. Rows of a piece share the rows of its input, which is copied: 8 of a 3x3 convolution copy 10.
const (
	pixelRows          = 8
	pixelLeastCols     = 192     // of a piece cut for threads
	pixelLeastProducts = 1 << 19 // some 10 us of one core
	pixelMostProducts  = 1 << 23
	pixelPieces        = 32 // that even out the load of several threads
)

// newCut cuts the plan: all columns, as long as the scratch stays in L2, and some rows; fewer rows, then fewer columns,
// to give several threads something to do.
func (p *PixelConvPlan) newCut() pixelCut {
	g := &p.geom
	c := pixelCut{rows: min(pixelRows, max(1, g.Out[1])), cols: max(1, g.Out[2])}
	c.channels = g.C
	if p.blocks {
		c.channels = roundUp(g.C, p.k.Block)
	}
	products := float64(g.N) * float64(g.M) * float64(volume(g.Out)) * float64(g.pixelTerms())
	want := min(pixelPieces, products/pixelLeastProducts)
	for c.layOut(p); ; c.layOut(p) {
		pieces := float64(c.pieces(g))
		few := pieces < want || products > pieces*pixelMostProducts
		switch {
		case 4*c.floats > stripBytes && c.cols > 4*p.k.Block:
			c.cols = roundUp(c.cols/2, p.k.Block)
		case few && c.rows > 1:
			c.rows = (c.rows + 1) / 2
		case few && c.cols > pixelLeastCols:
			c.cols = roundUp(c.cols/2, p.k.Block)
		default:
			return c
		}
	}
}

// layOut lays out the scratch for the piece's size.
func (c *pixelCut) layOut(p *PixelConvPlan) {
	g := &p.geom
	c.bands, c.strips = ceilDiv(g.Out[1], c.rows), ceilDiv(g.Out[2], c.cols)
	c.pitch = roundUp(roundUp(c.cols, p.k.Block)+(g.Kernel[2]-1)*g.Dilation[2], lineFloats)
	c.plane = c.inRows(g, c.rows) * c.pitch
	c.setChannel(g.Kernel[0] * c.plane)
}

// setChannel sets the pitch of channels to so many floats, or a line more where their rows would fall into one set of L1.
func (c *pixelCut) setChannel(floats int) {
	if floats%(4<<10/floatSize) == 0 {
		floats += lineFloats
	}
	c.channel, c.floats = floats, c.channels*floats
}

// inRows is the input rows that so many rows of the output see.
func (c *pixelCut) inRows(g *ConvGeom, rows int) int {
	return (rows-1)*g.Stride[1] + (g.Kernel[1]-1)*g.Dilation[1] + 1
}

func (c *pixelCut) pieces(g *ConvGeom) int { return g.N * g.Out[0] * c.bands * c.strips }

// pixelPiece is outputs [row, row+rows) x [col, col+cols) at a depth of an image.
type pixelPiece struct{ image, depth, row, rows, col, cols int }

func (c *pixelCut) at(g *ConvGeom, i int) pixelPiece {
	p := pixelPiece{col: i % c.strips * c.cols}
	i /= c.strips
	p.row = i % c.bands * c.rows
	i /= c.bands
	p.depth, p.image = i%g.Out[0], i/g.Out[0]
	p.rows, p.cols = min(c.rows, g.Out[1]-p.row), min(c.cols, g.Out[2]-p.col)
	return p
}
