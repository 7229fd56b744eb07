package async

// builtLowered is whether every async function of the program has the prologue of
// package lowered. The command rondo replaces this file in a build that it has lowered.
const builtLowered = false
