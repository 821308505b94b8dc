package awssim

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
)

// vault keeps the values of secrets out of the world's file: they are in it only
// sealed, and the key is in a file of its own that only its owner may read.
type vault struct {
	once sync.Once
	aead cipher.AEAD
	err  error
}

const vaultKeySize = 32

// open makes or reads the key. Without a world file the key dies with the process.
func (v *vault) open(path string) (cipher.AEAD, error) {
	v.once.Do(func() {
		var key []byte
		if key, v.err = vaultKey(path); v.err != nil {
			return
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			v.err = fmt.Errorf("the key of the simulated account's secrets is damaged: %w: delete %s and the world with it", err, path)
			return
		}
		v.aead, v.err = cipher.NewGCM(block)
	})
	return v.aead, v.err
}

func vaultKey(path string) ([]byte, error) {
	if path != "" {
		key, err := os.ReadFile(path)
		if err == nil {
			return key, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("the key of the simulated account's secrets cannot be read: %w", err)
		}
	}
	key := make([]byte, vaultKeySize)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("no randomness for the key of the simulated account's secrets: %w", err)
	}
	if path == "" {
		return key, nil
	}
	if err := os.WriteFile(path, key, 0o600); err != nil {
		return nil, fmt.Errorf("the key of the simulated account's secrets cannot be kept: %w", err)
	}
	return key, nil
}

func (s *Sim) vaultFile() string {
	if s.opts.File == "" {
		return ""
	}
	return s.opts.File + ".key"
}

// seal hides a value.
func (s *Sim) seal(value string) (string, error) {
	aead, err := s.vault.open(s.vaultFile())
	if err != nil {
		return "", err
	}
	nonce := make([]byte, aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(aead.Seal(nonce, nonce, []byte(value), nil)), nil
}

// unseal shows a value to the simulated AWS.
func (s *Sim) unseal(sealed string) (string, error) {
	aead, err := s.vault.open(s.vaultFile())
	if err != nil {
		return "", err
	}
	b, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil || len(b) < aead.NonceSize() {
		return "", errors.New("a secret of the simulated account is damaged")
	}
	plain, err := aead.Open(nil, b[:aead.NonceSize()], b[aead.NonceSize():], nil)
	if err != nil {
		return "", fmt.Errorf("a secret of the simulated account cannot be read with the key in %s", s.vaultFile())
	}
	return string(plain), nil
}
