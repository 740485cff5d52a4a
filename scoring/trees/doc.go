// Package trees scores rows by models of gradient boosted trees that other programs have trained.
//
// ParseXGBoost reads the JSON that XGBoost saves, ParseLightGBM the text that LightGBM saves. Both give a Model; Bind lays its features
// on the columns of the caller's rows; Score then gives what the program that trained the model predicts.
//
//	m, err := trees.ParseXGBoost(data)
//	m, err = m.Bind([]string{"distance", "saving"})
//	scores := m.Score(nil, rows, 2)
//
// A model of several outputs (classes, targets) and boosters other than plain trees are refused by name. The package trains nothing.
package trees
