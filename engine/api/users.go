package api

import (
	"net/http"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// maxUserID bounds the ID of a user, in bytes: as long as four times what a request may hold in characters.
const maxUserID = 1024

// userRoutes are for the app, whose users they are.
func userRoutes() []route {
	apps := []engine.Role{engine.RoleApp}
	return []route{
		{method: http.MethodDelete, path: "/v1/users/{id}", id: "eraseUser", tag: "users", summary: "Erase what is known of a user: asked again it is the same erasure until that is done",
			description: "Decisions and events stay without the user, positions become coarse, and redemptions keep a hash in the place of the ID, by which the limits of a user on " +
				"redemptions and spend hold on: an erasure is no way round them. The answer is the same whether or not anything is known of the user.",
			roles: apps, answers: []answer{accepted[wire.Erasure]("under way: see GET /v1/erasures/{id}")}, handle: eraseUser},
		{method: http.MethodGet, path: "/v1/erasures", id: "listErasures", tag: "users", summary: "Erasures by ID, which is in the order of time",
			roles: []engine.Role{engine.RoleOperator}, params: pageParams(), answers: []answer{ok[wire.List[wire.Erasure]]("a page")}, handle: listErasures},
		{method: http.MethodGet, path: "/v1/erasures/{id}", id: "getErasure", tag: "users", summary: "How far an erasure has come, and what was erased",
			roles: apps, answers: []answer{ok[wire.Erasure]("the erasure")}, handle: getErasure},
	}
}

// eraseUser answers DELETE /v1/users/{id}.
func eraseUser(c *call) error {
	id := c.Param("id")
	if len(id) > maxUserID {
		return engine.Faults{{Path: "id", Code: "too_long", Message: "has more than 1024 bytes"}}
	}
	if engine.IsErased(id) {
		return engine.Faults{{Path: "id", Code: "invalid", Message: "erased: begins no ID of a user"}}
	}
	e, err := c.api.Erasures.EraseUser(c.ctx(), c.write(), id)
	if err != nil {
		return err
	}
	c.Header("Location", "/v1/erasures/"+e.ID)
	return c.answer(http.StatusAccepted, wire.ErasureOf(&e))
}

// listErasures answers GET /v1/erasures.
func listErasures(c *call) error {
	return list(c, c.api.Erasures.ListErasures, wire.ErasureOf)
}

// getErasure answers GET /v1/erasures/{id}.
func getErasure(c *call) error {
	e, err := c.api.Erasures.Erasure(c.ctx(), c.Param("id"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, wire.ErasureOf(&e))
}
