// Package scoring turns rows of named numbers into scores, explains them, and chooses a list.
//
// A Matrix holds one row of features (see Features) for each candidate; a Scorer, made from a Profile, gives each row its
// score; Select takes the best by a total order and within the profile's bounds on merchants and categories. An Explanation is a tree that sums to the score.
//
// It knows no place and no campaign: metres and money become numbers before they come here.
package scoring
