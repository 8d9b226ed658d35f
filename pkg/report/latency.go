package report

import (
	"math"
	"time"
)

// A Latency counts times in classes, each a fifth longer than the one before,
// from a millisecond to five minutes and beyond: a quantile is at most so much
// too high, and the size is fixed.
type Latency struct {
	counts [latencyClasses]int
	total  int
	most   time.Duration
}

const (
	latencyClasses = 72
	latencyFirst   = time.Millisecond
	latencyGrowth  = 1.2
)

// class is the class of a time: the first whose bound is not below it.
func class(d time.Duration) int {
	if d <= latencyFirst {
		return 0
	}
	n := int(math.Ceil(math.Log(float64(d)/float64(latencyFirst)) / math.Log(latencyGrowth)))
	return min(n, latencyClasses-1)
}

// bound is the longest time of a class.
func bound(class int) time.Duration {
	return time.Duration(float64(latencyFirst) * math.Pow(latencyGrowth, float64(class)))
}

func (l *Latency) add(d time.Duration) {
	l.counts[class(d)]++
	l.total++
	l.most = max(l.most, d)
}

// Total is the number of times.
func (l *Latency) Total() int { return l.total }

// Quantile is the time that a share of the calls did not exceed; 1 is the
// longest of all.
func (l *Latency) Quantile(share float64) time.Duration {
	if l.total == 0 {
		return 0
	}
	want, sum := int(math.Ceil(share*float64(l.total))), 0
	for i, n := range l.counts {
		if sum += n; sum >= want && n > 0 {
			if i == latencyClasses-1 {
				return l.most
			}
			return min(bound(i), l.most)
		}
	}
	return l.most
}
