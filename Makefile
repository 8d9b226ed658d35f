# What there is to do here: make, make test, make check, make bench, make demo,
# make dist, make man, make soak, make limit, make fuzz.

BUILD := .build
GO    ?= go

.PHONY: all test check bench demo dist man soak limit fuzz clean

all: $(BUILD)/refbulk

$(BUILD)/refbulk: FORCE
	$(GO) build -buildvcs=auto -trimpath -o $@ ./cmd/refbulk
FORCE:

# Everything that has to pass, with the race detector (which needs a C compiler).
test: check
	$(GO) test -race ./...

check:
	@unformatted=$$(gofmt -l cmd pkg); test -z "$$unformatted" || { echo "gofmt would change: $$unformatted"; exit 1; }
	$(GO) vet ./...
	$(GO) mod tidy -diff
	GOOS=windows $(GO) vet ./...
	GOOS=darwin $(GO) build ./...

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

# The main job on the samples, against the simulator inside the process.
demo: all
	@rm -rf $(BUILD)/demo && mkdir -p $(BUILD)/demo && cp samples/*.csv $(BUILD)/demo
	cd $(BUILD)/demo && ../refbulk import users customers.csv --campaign 1 --sandbox=account.json || test $$? -eq 3
	cd $(BUILD)/demo && ../refbulk import users referral-tree.csv --campaign 1 --sandbox=account.json
	cd $(BUILD)/demo && ../refbulk import users orders.csv --campaign 1 --operation qualify --sandbox=account.json

dist:
	@for os in linux darwin windows; do for arch in amd64 arm64; do \
		ext=; test $$os = windows && ext=.exe; \
		echo "$(BUILD)/dist/refbulk-$$os-$$arch$$ext"; \
		CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch $(GO) build -buildvcs=auto -trimpath -ldflags='-s -w' -o $(BUILD)/dist/refbulk-$$os-$$arch$$ext ./cmd/refbulk || exit 1; \
	done; done

# The manual pages: man -l .build/man/refbulk-import.1
man:
	REFBULK_MAN=$(abspath $(BUILD)/man) $(GO) test -count=1 -run '^TestManualPages$$' ./pkg/cli

# Longer searches: a thousand kills, and every fuzz target for a minute.
soak:
	REFBULK_SOAK=1000 $(GO) test -run 'Crash|Kill' -timeout 3h -v ./cmd/refbulk

# How much of the limit is used, by the clock: on a machine that does nothing else.
limit:
	REFBULK_TIMED=1 $(GO) test -count=1 -parallel 1 -run 'TestLimit' -v ./cmd/refbulk

fuzz:
	@for pkg in $$($(GO) list ./...); do for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
		echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime 60s $$pkg || exit 1; \
	done; done

clean:
	rm -rf $(BUILD)
