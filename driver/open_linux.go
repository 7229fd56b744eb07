package driver

// platform returns what there is, the best first.
func platform() []choice {
	return []choice{{"io_uring", OpenUring}, {"epoll", OpenEpoll}}
}
