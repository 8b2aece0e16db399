// SPDX-License-Identifier: Apache-2.0
// The other end of a session, on flynn/noise: `flynn SESSION.json` listens or connects, shakes hands and echoes.
package main

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/flynn/noise"
)

// Session is what the driver asks for.
type Session struct {
	Connect      string   `json:"connect"`
	Protocol     string   `json:"protocol"`
	Static       string   `json:"static"`
	RemoteStatic string   `json:"remote_static"`
	PSK          string   `json:"psk"`
	Prologue     string   `json:"prologue"`
	Payloads     []string `json:"payloads"`
	Lines        []string `json:"lines"`
	RekeyEvery   uint64   `json:"rekey_every"`
}

// Report is what the driver compares.
type Report struct {
	HandshakeHash string   `json:"handshake_hash"`
	RemoteStatic  string   `json:"remote_static"`
	Payloads      []string `json:"payloads"`
	Messages      []string `json:"messages"`
}

var patterns = map[string]noise.HandshakePattern{
	"NN": noise.HandshakeNN, "IK": noise.HandshakeIK, "XK": noise.HandshakeXK, "XX": noise.HandshakeXX,
}
var ciphers = map[string]noise.CipherFunc{"ChaChaPoly": noise.CipherChaChaPoly, "AESGCM": noise.CipherAESGCM}
var hashes = map[string]noise.HashFunc{
	"SHA256": noise.HashSHA256, "SHA512": noise.HashSHA512, "BLAKE2s": noise.HashBLAKE2s, "BLAKE2b": noise.HashBLAKE2b,
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func bytes(text string) []byte {
	value, err := hex.DecodeString(text)
	check(err)
	return value
}

func send(conn net.Conn, message []byte) {
	frame := binary.BigEndian.AppendUint16(nil, uint16(len(message)))
	_, err := conn.Write(append(frame, message...))
	check(err)
}

func receive(conn net.Conn) []byte {
	var header [2]byte
	if _, err := io.ReadFull(conn, header[:]); err == io.EOF {
		return nil
	} else {
		check(err)
	}
	message := make([]byte, binary.BigEndian.Uint16(header[:]))
	_, err := io.ReadFull(conn, message)
	check(err)
	return message
}

func open(session Session) net.Conn {
	if session.Connect != "" {
		conn, err := net.Dial("tcp", session.Connect)
		check(err)
		return conn
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Println(listener.Addr())
	conn, err := listener.Accept()
	check(err)
	return conn
}

func configure(session Session) noise.Config {
	sections := strings.Split(session.Protocol, "_")
	name := regexp.MustCompile(`^([A-Z]+)(?:psk(\d))?$`).FindStringSubmatch(sections[1])
	config := noise.Config{
		CipherSuite: noise.NewCipherSuite(noise.DH25519, ciphers[sections[3]], hashes[sections[4]]),
		Pattern:     patterns[name[1]],
		Initiator:   session.Connect != "",
		Prologue:    []byte(session.Prologue),
		PeerStatic:  bytes(session.RemoteStatic),
	}
	if session.Static != "" {
		key, err := noise.DH25519.GenerateKeypair(strings.NewReader(string(bytes(session.Static))))
		check(err)
		config.StaticKeypair = key
	}
	if name[2] != "" {
		placement, err := strconv.Atoi(name[2])
		check(err)
		config.PresharedKeyPlacement = placement
		config.PresharedKey = bytes(session.PSK)
	}
	return config
}

func main() {
	log.SetFlags(0)
	var session Session
	text, err := os.ReadFile(os.Args[1])
	check(err)
	check(json.Unmarshal(text, &session))
	config := configure(session)
	state, err := noise.NewHandshakeState(config)
	check(err)
	conn := open(session)

	report := Report{Payloads: []string{}, Messages: []string{}}
	var first, second *noise.CipherState
	for turn := config.Initiator; first == nil; turn = !turn {
		if turn {
			var payload []byte
			if len(session.Payloads) > 0 {
				payload, session.Payloads = []byte(session.Payloads[0]), session.Payloads[1:]
			}
			var message []byte
			message, first, second, err = state.WriteMessage(nil, payload)
			check(err)
			send(conn, message)
		} else {
			var payload []byte
			payload, first, second, err = state.ReadMessage(nil, receive(conn))
			check(err)
			report.Payloads = append(report.Payloads, string(payload))
		}
	}
	report.HandshakeHash = hex.EncodeToString(state.ChannelBinding())
	report.RemoteStatic = hex.EncodeToString(state.PeerStatic())
	sending, receiving := first, second
	if !config.Initiator {
		sending, receiving = second, first
	}
	rekey := func(state *noise.CipherState) {
		if session.RekeyEvery > 0 && state.Nonce()%session.RekeyEvery == 0 {
			state.Rekey()
		}
	}
	transmit := func(plaintext []byte) {
		message, err := sending.Encrypt(nil, nil, plaintext)
		check(err)
		rekey(sending)
		send(conn, message)
	}

	for _, line := range session.Lines {
		transmit([]byte(line))
	}
	if config.Initiator {
		check(conn.(*net.TCPConn).CloseWrite())
	}
	for message := receive(conn); message != nil; message = receive(conn) {
		plaintext, err := receiving.Decrypt(nil, nil, message)
		check(err)
		rekey(receiving)
		report.Messages = append(report.Messages, string(plaintext))
		if !config.Initiator {
			transmit(plaintext)
		}
	}
	check(conn.Close())
	check(json.NewEncoder(os.Stdout).Encode(report))
}
