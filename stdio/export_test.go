package stdio

// For tests, which have other files than those of the process.
var (
	Reader = reader
	Writer = writer
)
