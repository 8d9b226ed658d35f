package sandbox_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/refbulk/refbulk/pkg/sandbox"
)

func Example() {
	fault, err := sandbox.ParseFault("POST /users from=2 times=1 lose-answer")
	if err != nil {
		panic(err)
	}
	server := sandbox.New(sandbox.Options{Faults: []sandbox.Fault{fault}})
	defer server.Close()
	client := &http.Client{Transport: server.Transport()}
	for _, name := range []string{"noor", "ivan"} {
		body := fmt.Sprintf(`{"campaign_id": 1, "first_name": %q, "email": "%s@example.com", "notify": false}`, name, name)
		r, _ := http.NewRequest("POST", "https://api.example.com"+sandbox.BasePath+"/users", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer any")
		w, err := client.Do(r)
		if err != nil {
			fmt.Println(name, "was lost on the way")
			continue
		}
		fmt.Println(name, w.StatusCode)
		w.Body.Close()
	}
	fmt.Println("committed:", server.Counts().Commits.Creates, "faults unhit:", len(server.UnhitFaults()))
	// Output:
	// noor 201
	// ivan was lost on the way
	// committed: 2 faults unhit: 0
}
