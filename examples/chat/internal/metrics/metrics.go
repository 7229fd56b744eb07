// Package metrics counts what the chat does, and shows it to Prometheus.
package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are those of a process.
type Metrics struct {
	registry *prometheus.Registry
	clients  *prometheus.GaugeVec
	received *prometheus.CounterVec
	sent     *prometheus.CounterVec
	latency  *prometheus.HistogramVec

	// Refused counts what clients wanted to say, and Dropped clients that had to go, by
	// reason.
	Refused, Dropped *prometheus.CounterVec
}

// New returns metrics; rooms says how many there are.
func New(rooms func() int) *Metrics {
	counter := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "chat_" + name, Help: help}, []string{label})
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		clients: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "chat_clients", Help: "Clients that are connected.",
		}, []string{"transport"}),
		received: counter("messages_received_total", "Messages of clients that are kept now.", "transport"),
		sent:     counter("messages_sent_total", "Messages that were sent to clients.", "transport"),
		Refused:  counter("messages_refused_total", "Messages of clients that were not taken.", "reason"),
		Dropped:  counter("clients_dropped_total", "Clients whose connection was ended.", "reason"),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "chat_delivery_seconds",
			Help:    "From when a message was kept to when a client's connection had taken it.",
			Buckets: prometheus.ExponentialBuckets(0.0002, 2, 16),
		}, []string{"transport"}),
	}
	m.registry.MustRegister(m.clients, m.received, m.sent, m.Refused, m.Dropped, m.latency,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "chat_rooms", Help: "Rooms in which somebody is, or was until lately.",
		}, func() float64 { return float64(rooms()) }),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler answers Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// A Transport counts for one way in which clients are connected.
type Transport struct {
	Clients        prometheus.Gauge
	Received, sent prometheus.Counter
	latency        prometheus.Observer
}

// Transport returns the counts of a way in which clients are connected.
func (m *Metrics) Transport(name string) *Transport {
	return &Transport{
		Clients:  m.clients.WithLabelValues(name),
		Received: m.received.WithLabelValues(name),
		sent:     m.sent.WithLabelValues(name),
		latency:  m.latency.WithLabelValues(name),
	}
}

// Sent counts a message that a client's connection has taken, and that was kept at a time.
func (t *Transport) Sent(kept time.Time) {
	t.sent.Inc()
	t.latency.Observe(time.Since(kept).Seconds())
}
