package awssim

// parsed are texts of the account that were read, by the text.
type parsed[T any] map[string]T

// read is what a text says. A text that cannot be read is not kept.
func (p parsed[T]) read(text string, parse func(text string) (T, error)) (T, error) {
	if v, ok := p[text]; ok {
		return v, nil
	}
	v, err := parse(text)
	if err == nil {
		p[text] = v
	}
	return v, err
}
