// SPDX-License-Identifier: Apache-2.0
// The responder of flynn/noise, timed as Responder.swift times ours: from an empty state to its transport keys.
package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"sort"
	"strconv"
	"time"

	"github.com/flynn/noise"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: flynn PATTERN COUNT")
		os.Exit(64)
	}
	count, err := strconv.Atoi(os.Args[2])
	must(err)
	suite := noise.NewCipherSuite(noise.DH25519, noise.CipherChaChaPoly, noise.HashSHA256)
	initiatorKey, err := suite.GenerateKeypair(rand.Reader)
	must(err)
	responderKey, err := suite.GenerateKeypair(rand.Reader)
	must(err)

	initiatorConfig := noise.Config{CipherSuite: suite, Random: rand.Reader, Initiator: true}
	responderConfig := noise.Config{CipherSuite: suite, Random: rand.Reader}
	psk := make([]byte, 32)
	switch os.Args[1] {
	case "IK", "IKpsk2":
		initiatorConfig.Pattern, responderConfig.Pattern = noise.HandshakeIK, noise.HandshakeIK
		initiatorConfig.StaticKeypair, responderConfig.StaticKeypair = initiatorKey, responderKey
		initiatorConfig.PeerStatic = responderKey.Public
	case "XX":
		initiatorConfig.Pattern, responderConfig.Pattern = noise.HandshakeXX, noise.HandshakeXX
		initiatorConfig.StaticKeypair, responderConfig.StaticKeypair = initiatorKey, responderKey
	case "NNpsk0":
		initiatorConfig.Pattern, responderConfig.Pattern = noise.HandshakeNN, noise.HandshakeNN
	default:
		must(fmt.Errorf("no benchmark of %s", os.Args[1]))
	}
	if os.Args[1] == "IKpsk2" {
		initiatorConfig.PresharedKey, responderConfig.PresharedKey = psk, psk
		initiatorConfig.PresharedKeyPlacement, responderConfig.PresharedKeyPlacement = 2, 2
	} else if os.Args[1] == "NNpsk0" {
		initiatorConfig.PresharedKey, responderConfig.PresharedKey = psk, psk
	}

	samples := make([]int64, count)
	for i := range samples {
		initiator, err := noise.NewHandshakeState(initiatorConfig)
		must(err)
		wire, _, _, err := initiator.WriteMessage(nil, nil)
		must(err)
		start := time.Now()
		responder, err := noise.NewHandshakeState(responderConfig)
		must(err)
		_, _, _, err = responder.ReadMessage(nil, wire)
		must(err)
		wire, first, _, err := responder.WriteMessage(nil, nil)
		must(err)
		elapsed := time.Since(start)
		_, initiatorFirst, _, err := initiator.ReadMessage(nil, wire)
		must(err)
		if initiatorFirst == nil {
			wire, _, _, err = initiator.WriteMessage(nil, nil)
			must(err)
			start = time.Now()
			_, first, _, err = responder.ReadMessage(nil, wire)
			must(err)
			elapsed += time.Since(start)
		}
		if first == nil {
			must(fmt.Errorf("the handshake did not finish"))
		}
		samples[i] = elapsed.Nanoseconds()
	}
	sort.Slice(samples, func(a, b int) bool { return samples[a] < samples[b] })
	fmt.Println(samples[count/2])
}
