package api_test

import (
	"encoding/json"
	"fmt"

	"github.com/sihai-network/sihai/engine/api"
)

// ExampleOpenAPI reads what the API says of one of its operations.
func ExampleOpenAPI() {
	data, err := api.OpenAPI()
	if err != nil {
		fmt.Println(err)
		return
	}
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct{ OperationID, Summary string }
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		fmt.Println(err)
		return
	}
	decide := doc.Paths["/v1/decisions"]["post"]
	fmt.Println(doc.OpenAPI, decide.OperationID+":", decide.Summary)
	// Output: 3.1.0 decide: Ranked offers for one or more placements
}
