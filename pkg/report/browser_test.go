package report

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// probe reckons the lowest contrast of any text on the page, and what sticks
// out of the window, and writes it where --dump-dom shows it.
const probe = `<script>
const channel = c => { c /= 255; return c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4 };
const luminance = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
const rgb = text => (text.match(/[\d.]+/g) || []).map(Number);
let least = 99, where = '', texts = 0;
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const text = walker.currentNode.data.trim(), at = walker.currentNode.parentElement;
  if (!text || at.closest('script,style') || !at.getClientRects().length) continue;
  const style = getComputedStyle(at);
  let behind = [255, 255, 255];
  for (let e = at; e; e = e.parentElement) {
    const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length && c[3] !== 0) { behind = c; break }
  }
  const [a, b] = [luminance(rgb(at instanceof SVGElement ? style.fill : style.color)), luminance(behind)].sort((x, y) => y - x);
  const contrast = (a + .05) / (b + .05);
  texts++;
  if (contrast < least) { least = contrast; where = text }
}
const found = document.createElement('p');
found.id = 'found';
found.textContent = 'texts=' + texts + ' least=' + least.toFixed(2) + ' beyond=' + (document.documentElement.scrollWidth - innerWidth) +
  ' loaded=' + performance.getEntriesByType('resource').length + ' paper=' + getComputedStyle(document.body).backgroundColor.replace(/ /g, '') + ' at=' + where;
document.body.append(found);
</script></body>`

// browse opens a page in a real browser and gives what the probe found.
func browse(t *testing.T, page string, args ...string) map[string]string {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed: apt-get install chromium")
	}
	// A page may run no script; the probe is let in for the test alone.
	page = regexp.MustCompile(`<meta http-equiv="Content-Security-Policy"[^>]*>\n`).ReplaceAllString(page, "")
	path := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(path, []byte(strings.Replace(page, "</body>", probe, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, chromium, append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir=" + t.TempDir(), "--dump-dom",
	}, append(args, "file://"+path)...)...)
	cmd.WaitDelay = time.Second
	dom, err := cmd.Output()
	if err != nil {
		t.Fatalf("chromium: %v", err)
	}
	m := regexp.MustCompile(`<p id="found">texts=(\d+) least=([\d.]+) beyond=(-?\d+) loaded=(\d+) paper=(\S+) at=([^<]*)`).FindSubmatch(dom)
	if m == nil {
		t.Fatalf("the probe found nothing in\n%.2000s", dom)
	}
	return map[string]string{"texts": string(m[1]), "least": string(m[2]), "beyond": string(m[3]), "loaded": string(m[4]), "paper": string(m[5]), "at": string(m[6])}
}

func TestABrowserShowsThePageReadablyInEveryLightAndWidth(t *testing.T) {
	page := examplePage(t)
	dark := strings.Replace(page, "screen and (prefers-color-scheme: dark)", "all", 1)
	for _, test := range []struct{ name, page, window, paper string }{
		{"light", page, "1200,900", "rgb(255,255,255)"},
		{"dark", dark, "1200,900", "rgb(20,23,26)"},
		{"narrow", page, "500,900", "rgb(255,255,255)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := browse(t, test.page, "--window-size="+test.window)
			if least, err := strconv.ParseFloat(found["least"], 64); err != nil || least < 4.5 {
				t.Errorf("the text %q has a contrast of %s, want 4.5", found["at"], found["least"])
			}
			if n, _ := strconv.Atoi(found["texts"]); n < 100 {
				t.Errorf("only %d texts are shown", n)
			}
			if n, _ := strconv.Atoi(found["beyond"]); n > 0 {
				t.Errorf("the page is %d pixels wider than the window", n)
			}
			if found["loaded"] != "0" || found["paper"] != test.paper {
				t.Errorf("it loaded %s things beside itself, and is on %s", found["loaded"], found["paper"])
			}
		})
	}
}
