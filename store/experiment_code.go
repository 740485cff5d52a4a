package store

import (
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sihai-network/sihai/engine"
)

func writeExperiment(m *message, e *engine.Experiment) {
	m.str(1, e.ID)
	m.str(2, e.Name)
	m.str(3, e.Note)
	m.str(4, e.Author)
	for i := range e.Arms {
		m.sub(5, func() { writeArm(m, &e.Arms[i]) })
	}
	m.str(6, e.Salt)
	m.sub(7, func() {
		m.float(1, e.Traffic.From)
		m.float(2, e.Traffic.Until)
	})
	m.time(8, e.Start)
	m.time(9, e.End)
	writeMeasure(m, 10, e.Primary.Measure, e.Primary.Effect)
	for _, g := range e.Guards {
		writeMeasure(m, 11, g.Measure, g.Harm)
	}
	m.float(12, e.Alpha)
	m.str(13, string(e.State))
	m.str(14, e.Reason)
	m.time(15, e.Ended)
}

func readExperiment(e *engine.Experiment, f *field) {
	switch f.num {
	case 1:
		e.ID = f.str()
	case 2:
		e.Name = f.str()
	case 3:
		e.Note = f.str()
	case 4:
		e.Author = f.str()
	case 5:
		var a engine.Arm
		f.sub(readInto(&a, readArm))
		e.Arms = append(e.Arms, a)
	case 6:
		e.Salt = f.str()
	case 7:
		f.sub(readInto(&e.Traffic, readTraffic))
	case 8:
		e.Start = f.time()
	case 9:
		e.End = f.time()
	case 10:
		e.Primary.Measure, e.Primary.Effect = readMeasure(f)
	case 11:
		var g engine.GuardMetric
		g.Measure, g.Harm = readMeasure(f)
		e.Guards = append(e.Guards, g)
	case 12:
		e.Alpha = f.float()
	case 13:
		e.State = engine.ExperimentState(f.str())
	case 14:
		e.Reason = f.str()
	case 15:
		e.Ended = f.time()
	}
}

func writeArm(m *message, a *engine.Arm) {
	m.str(1, a.Name)
	m.str(2, a.Profile.Name)
	m.uint(3, a.Profile.Version)
	m.float(4, a.Share)
}

func readArm(a *engine.Arm, f *field) {
	switch f.num {
	case 1:
		a.Name = f.str()
	case 2:
		a.Profile.Name = f.str()
	case 3:
		a.Profile.Version = f.uint()
	case 4:
		a.Share = f.float()
	}
}

func readTraffic(t *engine.Traffic, f *field) {
	switch f.num {
	case 1:
		t.From = f.float()
	case 2:
		t.Until = f.float()
	}
}

// writeMeasure writes a metric with the size that it has in the experiment.
func writeMeasure(m *message, num protowire.Number, of engine.Measure, size float64) {
	m.sub(num, func() {
		m.str(1, string(of.Metric))
		m.str(2, of.Currency)
		m.float(3, size)
	})
}

func readMeasure(f *field) (of engine.Measure, size float64) {
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			of.Metric = engine.ExperimentMetric(f.str())
		case 2:
			of.Currency = f.word()
		case 3:
			size = f.float()
		}
	})
	return of, size
}

func writeArmRef(m *message, a *engine.ArmRef) {
	m.str(1, a.Experiment)
	m.str(2, a.Arm)
}

func readArmRef(a *engine.ArmRef, f *field) {
	switch f.num {
	case 1:
		a.Experiment = f.str()
	case 2:
		a.Arm = f.str()
	}
}
