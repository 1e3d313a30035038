// Verifies a log by its public addresses alone, with the code of the Go checksum database:
//
//	verify PREFIX VKEY [OLDSIZE OLDROOT]
//
// The checkpoint must be signed by VKEY; every tile that is read must fit its root; every entry must be in the tree;
// and the tree must continue the older one, if one is given. Prints size and root.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func get(url string) []byte {
	response, err := http.Get(url)
	check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	check(err)
	if response.StatusCode != http.StatusOK {
		log.Fatalf("%s: %s", url, response.Status)
	}
	return body
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// Go's own paths are tile/8/<L>/<N>; C2SP tlog-tiles leaves the height out.
func path(tile tlog.Tile) string {
	return "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
}

type reader struct{ prefix string }

func (r reader) Height() int { return 8 }

func (r reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	found := make([][]byte, len(tiles))
	for at, tile := range tiles {
		found[at] = get(r.prefix + "/" + path(tile))
	}
	return found, nil
}

func (r reader) SaveTiles(tiles []tlog.Tile, data [][]byte) {}

func main() {
	prefix, vkey := os.Args[1], os.Args[2]
	verifier, err := note.NewVerifier(vkey)
	check(err)
	signed, err := note.Open(get(prefix+"/checkpoint"), note.VerifierList(verifier))
	check(err)
	lines := strings.Split(signed.Text, "\n")
	if lines[0] != verifier.Name() {
		log.Fatalf("the origin is %s", lines[0])
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err)
	root, err := tlog.ParseHash(lines[2])
	check(err)
	tree := tlog.Tree{N: size, Hash: root}
	hashes := tlog.TileHashReader(tree, reader{prefix})

	for first := int64(0); first < size; first += 256 {
		width := size - first
		if width > 256 {
			width = 256
		}
		place := tlog.Tile{H: 8, L: 0, N: first / 256, W: int(width)}
		bundle := get(prefix + "/" + strings.Replace(path(place), "tile/0/", "tile/entries/", 1))
		for at := first; at < first+width; at++ {
			length := binary.BigEndian.Uint16(bundle)
			entry := bundle[2 : 2+length]
			bundle = bundle[2+length:]
			proof, err := tlog.ProveRecord(size, at, hashes)
			check(err)
			check(tlog.CheckRecord(proof, size, root, at, tlog.RecordHash(entry)))
		}
		if len(bundle) != 0 {
			log.Fatalf("%d bytes too many in a bundle", len(bundle))
		}
	}

	if len(os.Args) > 4 {
		oldSize, err := strconv.ParseInt(os.Args[3], 10, 64)
		check(err)
		oldRoot, err := tlog.ParseHash(os.Args[4])
		check(err)
		proof, err := tlog.ProveTree(size, oldSize, hashes)
		check(err)
		check(tlog.CheckTree(proof, size, root, oldSize, oldRoot))
	}
	fmt.Println(size, base64.StdEncoding.EncodeToString(root[:]))
}
