// Package drivertest holds an implementation of driver.Driver to its contract.
//
// Run takes a function that opens a driver, and runs every rule of the contract
// as a subtest on a fresh one:
//
//	func TestConformance(t *testing.T) {
//		drivertest.Run(t, func(t *testing.T) driver.Driver {
//			d, err := driver.OpenEpoll(driver.Options{})
//			if err != nil {
//				t.Fatal(err)
//			}
//			return d
//		})
//	}
//
// The driver is opened, used and closed on the goroutine of its subtest, so the
// function may call runtime.LockOSThread. It does not close the driver.
//
// Where the contract leaves a choice, such as the outcome of a cancel that comes
// together with the data, the suite takes either and checks what must hold after
// each: no byte and no connection is lost or seen twice. It does not depend on
// time to pass: the only time limit guards against hangs.
package drivertest

import (
	"slices"
	"testing"

	"rondo.dev/rondo/driver"
)

// A Feature is something that a driver may lack. The test of a feature that
// Suite.Lacks names is skipped, and says so.
type Feature string

// The features that the suite knows.
const (
	Files     Feature = "files"                 // the operations on files
	Messages  Feature = "messages"              // RecvMsg and SendMsg
	Datagrams Feature = "datagrams"             // Packet, Bind, SocketPair, batches
	Rights    Feature = "descriptor passing"    // SCM_RIGHTS in the control data of messages
	Paths     Feature = "path addresses"        // sockets with a name in the file system
	IPv6      Feature = "IPv6"                  // the loopback address ::1
	Order     Feature = "order"                 // operations of one direction of a descriptor happen and end in the order of Submit
	ReusePort Feature = "port sharing"          // ListenOptions.ReusePort
	Sharing   Feature = "descriptor duplicates" // Sockets.Dup
	Signals   Feature = "signals"               // system calls that a signal interrupts
	Limit     Feature = "descriptor limit"      // EMFILE
	Splice    Feature = "splicing"              // Op.Splice
	Foreign   Feature = "foreign descriptor"    // readiness of pipes that the driver did not make
)

// A Suite is a driver under test, and what the suite has to know about it.
type Suite struct {
	// Open opens a driver.
	Open func(t *testing.T) driver.Driver
	// World is the surroundings of the driver; nil stands for the kernel that the
	// test runs on.
	World World
	// Lacks names what the driver cannot do.
	Lacks []Feature
}

// Run runs the whole suite on drivers of the kernel. Others fill in a Suite.
func Run(t *testing.T, open func(t *testing.T) driver.Driver) {
	Suite{Open: open}.Run(t)
}

// A test is one rule of the contract.
type test struct {
	name  string
	run   func(*rig)
	needs []Feature
}

// Run runs every test as a subtest of t, on a driver of its own.
func (s Suite) Run(t *testing.T) {
	if s.World == nil {
		s.World = kernelWorld()
	}
	for _, group := range [][]test{
		streamTests, endTests, resetTests, optionTests,
		acceptTests, connectTests, cancelTests, closeTests,
		manyTests, nestTests, waitTests, wakeTests,
		lentTests, messageTests, datagramTests, batchTests, localTests, readyTests, fileTests, fileCallTests,
		spliceTests, limitTests,
	} {
		for _, c := range group {
			t.Run(c.name, func(t *testing.T) {
				for _, f := range c.needs {
					if slices.Contains(s.Lacks, f) {
						t.Skipf("the driver is declared to lack %s", f)
					}
				}
				r := newRig(t, s)
				c.run(r)
				r.returned = true
			})
		}
	}
}
