// Checks an access log with golang.org/x/mod/sumdb, which nobody here wrote: so that our verifier is not its
// own judge. It shares no line and no library with it.
//
//	go-verify LOG VKEY [--kept CHECKPOINT] [--receipt FILE]
//
// LOG is a folder or an address. Every entry is hashed and compared with the tiles, the tiles with the
// signed root. A kept checkpoint must be the beginning of the log; a receipt's record must make its entry.
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height  = 8
	width   = 1 << height
	tries   = 6
	maxFile = 16 << 20
)

var errNotThere = fmt.Errorf("not there")

// place reads files of a log from a folder or from an address.
type place string

func (p place) read(name string) ([]byte, error) {
	if !strings.HasPrefix(string(p), "http://") && !strings.HasPrefix(string(p), "https://") {
		data, err := os.ReadFile(filepath.Join(string(p), name))
		if os.IsNotExist(err) {
			return nil, errNotThere
		}
		return data, err
	}
	for try := 1; ; try++ {
		answer, err := http.Get(strings.TrimRight(string(p), "/") + "/" + name)
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(io.LimitReader(answer.Body, maxFile))
		answer.Body.Close()
		switch {
		case err != nil:
			return nil, err
		case answer.StatusCode == http.StatusOK:
			return data, nil
		case answer.StatusCode == http.StatusNotFound:
			return nil, errNotThere
		case answer.StatusCode != http.StatusTooManyRequests || try == tries:
			return nil, fmt.Errorf("%s: %s", name, answer.Status)
		}
		time.Sleep(time.Second)
	}
}

// Height, ReadTiles and SaveTiles make a place a tlog.TileReader.
func (p place) Height() int { return height }

func (p place) SaveTiles([]tlog.Tile, [][]byte) {}

func (p place) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := p.piece(tile)
		if err != nil {
			return nil, err
		}
		if len(data) < tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s is too short", name(tile))
		}
		all = append(all, data[:tile.W*tlog.HashSize])
	}
	return all, nil
}

// piece reads a tile or bundle; a partial one that is gone is the beginning of the full one.
func (p place) piece(tile tlog.Tile) ([]byte, error) {
	data, err := p.read(name(tile))
	if err == errNotThere && tile.W < width {
		tile.W = width
		return p.read(name(tile))
	}
	return data, err
}

// name is the path of c2sp.org/tlog-tiles, which has no height and calls data entries.
func name(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), "tile/8/")
	return "tile/" + strings.Replace(path, "data/", "entries/", 1)
}

func openCheckpoint(data []byte, verifier note.Verifier) (tlog.Tree, error) {
	var tree tlog.Tree
	signed, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tree, fmt.Errorf("this is no checkpoint of %s", verifier.Name())
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

// entries checks every entry against the hashes that the signed root authenticates.
func entries(p place, tree tlog.Tree, hashes tlog.HashReader) error {
	for first := int64(0); first < tree.N; first += width {
		count := tree.N - first
		if count > width {
			count = width
		}
		tile := tlog.Tile{H: height, L: -1, N: first / width, W: int(count)}
		data, err := p.piece(tile)
		if err != nil {
			return fmt.Errorf("%s: %v", name(tile), err)
		}
		places := make([]int64, count)
		for i := range places {
			places[i] = tlog.StoredHashIndex(0, first+int64(i))
		}
		known, err := hashes.ReadHashes(places)
		if err != nil {
			return err
		}
		for i := range places {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return fmt.Errorf("%s breaks off", name(tile))
			}
			length := 2 + int(binary.BigEndian.Uint16(data))
			if tlog.RecordHash(data[2:length]) != known[i] {
				return fmt.Errorf("entry %d is not the one in the tree", first+int64(i))
			}
			data = data[length:]
		}
	}
	return nil
}

func kept(file string, tree tlog.Tree, hashes tlog.HashReader, verifier note.Verifier) (int64, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	old, err := openCheckpoint(data, verifier)
	if err != nil {
		return 0, err
	}
	proof, err := tlog.ProveTree(tree.N, old.N, hashes)
	if err != nil {
		return 0, err
	}
	return old.N, tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash)
}

// receipt recomputes the entry from the record and its key, and checks that it is in the log.
func receipt(file string, verifier note.Verifier) (int64, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	head, checkpoint, found := strings.Cut(string(data), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return 0, fmt.Errorf("this is no receipt")
	}
	extra, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil || len(extra) < 33 {
		return 0, fmt.Errorf("the receipt has no record")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	if err != nil {
		return 0, err
	}
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return 0, err
		}
		proof = append(proof, hash)
	}
	tree, err := openCheckpoint([]byte(checkpoint), verifier)
	if err != nil {
		return 0, err
	}
	leaf, err := leafOf(extra[:32], extra[32:])
	if err != nil {
		return 0, err
	}
	return index, tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(leaf))
}

// leafOf is the layout of docs/access-log.md.
func leafOf(key, record []byte) ([]byte, error) {
	var public struct {
		Allowed bool      `json:"allowed"`
		At      time.Time `json:"at"`
		Digest  string    `json:"policy_digest"`
		Event   *string   `json:"event"`
		Consent *string   `json:"consent"`
		Seq     *uint32   `json:"seq"`
	}
	if err := json.Unmarshal(record, &public); err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(record)
	var leaf bytes.Buffer
	// A change of a consent has these three; a decision has no event.
	if public.Event != nil && public.Consent != nil && public.Seq != nil {
		leaf.WriteByte(2)
		binary.Write(&leaf, binary.BigEndian, public.At.Unix()/3600)
		leaf.Write(mac.Sum(nil))
		return leaf.Bytes(), nil
	}
	digest, err := hex.DecodeString(public.Digest)
	if err != nil {
		return nil, err
	}
	decision := byte(0)
	if public.Allowed {
		decision = 1
	}
	leaf.Write([]byte{1, decision})
	binary.Write(&leaf, binary.BigEndian, public.At.Unix()/3600)
	leaf.Write(digest)
	leaf.Write(mac.Sum(nil))
	return leaf.Bytes(), nil
}

func check(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("go-verify LOG VKEY [--kept CHECKPOINT] [--receipt FILE]")
	}
	p := place(args[0])
	verifier, err := note.NewVerifier(strings.TrimSpace(args[1]))
	if err != nil {
		return err
	}
	data, err := p.read("checkpoint")
	if err != nil {
		return fmt.Errorf("checkpoint: %v", err)
	}
	tree, err := openCheckpoint(data, verifier)
	if err != nil {
		return fmt.Errorf("checkpoint: %v", err)
	}
	hashes := tlog.TileHashReader(tree, p)
	began := time.Now()
	if err := entries(p, tree, hashes); err != nil {
		return err
	}
	fmt.Printf("%d entries belong to the signed root, %.6f s\n", tree.N, time.Since(began).Seconds())
	for rest := args[2:]; len(rest) > 1; rest = rest[2:] {
		switch rest[0] {
		case "--kept":
			old, err := kept(rest[1], tree, hashes, verifier)
			if err != nil {
				return fmt.Errorf("kept checkpoint: %v", err)
			}
			fmt.Printf("the kept log of %d entries is its beginning\n", old)
		case "--receipt":
			index, err := receipt(rest[1], verifier)
			if err != nil {
				return fmt.Errorf("receipt: %v", err)
			}
			fmt.Printf("the receipt's record is entry %d\n", index)
		default:
			return fmt.Errorf("%s is not understood", rest[0])
		}
	}
	return nil
}

func main() {
	if err := check(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "go-verify:", err)
		os.Exit(1)
	}
}
