// Package vision turns pictures into the tensors that networks take, and results back into pictures.
//
//	img, err := vision.Load("photo.jpg")
//	x, back, err := preset.Tensor(img)   // resized, normalised; back remembers how
//	out, err := model.Run(ctx, tconv.Tensors{"input": x})
//	result, err := back.Result(out["mask"])
//	mask, err := result.Mask(vision.DefaultStyle())   // as large as img
//
// A [Preset] says what a network expects: size, layout, colours, range. A [Mapping] remembers where the picture went,
// so that a [Result] comes back at the picture's own size whatever the fit was. Everything is deterministic.
//
// Pictures are untrusted: sizes are checked before anything is decoded, and a decoder that panics gives an error.
package vision
