package engine

import "time"

// Role is what an API key may do.
type Role string

// The roles.
const (
	RoleApp      Role = "app"
	RoleMerchant Role = "merchant"
	RoleAnalyst  Role = "analyst"
	RoleOperator Role = "operator"
)

// Key is an API key as it is stored: only the hash of its secret.
type Key struct {
	ID         string   // public, names the key in logs and revisions
	Hash       [32]byte // SHA-256 of the secret, which has 256 random bits and so needs no slow hash
	Role       Role
	MerchantID string // for RoleMerchant only
	Note       string
	Partners   []string // acquirers that the wallet works with where its requests name none; for RoleApp only
	Created    time.Time
	Revoked    time.Time // zero: in force
}
