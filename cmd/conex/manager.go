package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/conexgo/conex/internal/pywire"
	"github.com/conexgo/conex/multiprocessing/managers"
)

// runManager serves a manager until ctx ends or a client asks for the end.
func runManager(ctx context.Context, args []string, std streams) error {
	var o options
	if err := o.parse(args, std.out); err != nil {
		return err
	}
	addr, err := o.where()
	if err != nil {
		return err
	}
	cfg, err := o.config()
	if err != nil {
		return err
	}
	key, err := loadKey(o.keyFile)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(std.err, nil))
	cfg.AuthKey, cfg.Logger = key.key, log
	if len(key.key) < weakKey {
		log.Warn("the key is short: who sees a handshake may find it by trying", "bytes", len(key.key), "better", weakKey)
	}
	srv, err := listen(ctx, addr, cfg)
	if err != nil {
		return err
	}
	defer srv.Close()
	var snap *snapshotFile
	if o.snapshot != "" {
		snap = &snapshotFile{path: o.snapshot, srv: srv, log: log}
		if err := snap.load(); err != nil {
			return err
		}
	}
	addr, err = pywire.ParseAddress(srv.Address())
	if err != nil {
		return err
	}
	var text strings.Builder // written in one, for who reads it by a pipe
	if key.made {
		fmt.Fprintf(&text, "made the key: %s\n", key.file)
	}
	fmt.Fprintf(&text, "conex manager serves at %s\n", srv.Address())
	if !o.quiet {
		howToConnect(&text, addr, key, &o)
	}
	if _, err := io.WriteString(std.out, text.String()); err != nil {
		return err
	}
	return serve(ctx, srv, snap, &o, log)
}

// serve serves until the end, and keeps the snapshot.
func serve(ctx context.Context, srv *managers.Server, snap *snapshotFile, o *options, log *slog.Logger) error {
	var wg sync.WaitGroup
	background, cancel := context.WithCancel(context.Background())
	if snap != nil {
		wg.Go(func() { snap.keep(background, o.interval) })
	}
	wg.Go(func() {
		select {
		case <-ctx.Done():
		case <-background.Done():
			return
		}
		log.Info("ending; a second interrupt ends at once", "drain", o.drain)
		wait, cancel := context.WithTimeout(context.Background(), o.drain)
		defer cancel()
		if srv.Drain(wait) != nil {
			log.Warn("requests were still waiting at the end; their clients find the end of the connection")
		}
	})
	err := srv.Serve(context.Background())
	cancel()
	wg.Wait()
	if snap != nil {
		if failed := snap.save(); failed != nil {
			err = errors.Join(err, fmt.Errorf("the snapshot %s was not written: %w", snap.path, failed))
		}
	}
	if err == nil {
		log.Info("ended")
	}
	return err
}

// where checks the address: what other machines can reach must be encrypted.
func (o *options) where() (pywire.Address, error) {
	addr, err := pywire.ParseAddress(o.address)
	if err != nil {
		return addr, usage("%v", strings.TrimPrefix(err.Error(), "pywire: "))
	}
	if !addr.Loopback() && o.cert == "" && !o.insecure {
		return addr, usage("other machines can reach %s, and everything but the key would travel in the clear: give -tls-cert and -tls-key, an address such as 127.0.0.1:50000 or /path, or -insecure if the network is yours alone", o.address)
	}
	return addr, nil
}

// config makes what the server is to be.
func (o *options) config() (managers.Config, error) {
	cfg := managers.Config{
		Address: o.address, Types: o.shares.types(), Allow: o.allow, RefuseMD5: o.refuseMD5,
		MaxMessage: int64(o.maxMessage), MaxObjects: o.maxObjects, MaxClients: o.maxClients,
		MaxPending: o.maxPending, HandshakeTimeout: o.handshake,
	}
	if o.cert == "" {
		return cfg, nil
	}
	cert, err := tls.LoadX509KeyPair(o.cert, o.key)
	if err != nil {
		return cfg, fmt.Errorf("-tls-cert and -tls-key: %w", err)
	}
	cfg.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	if o.clientCA != "" {
		pem, err := os.ReadFile(o.clientCA)
		if err != nil {
			return cfg, fmt.Errorf("-client-ca: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return cfg, fmt.Errorf("-client-ca: there is no certificate in %s", o.clientCA)
		}
		cfg.TLS.ClientCAs, cfg.TLS.ClientAuth = pool, tls.RequireAndVerifyClientCert
	}
	return cfg, nil
}

// listen listens. A socket's file that a killed server has left is removed; one
// that somebody listens at is not.
func listen(ctx context.Context, addr pywire.Address, cfg managers.Config) (*managers.Server, error) {
	file := ""
	if addr.Network() == "unix" && !addr.Abstract() {
		file = strings.TrimPrefix(addr.String(), "unix:")
		if info, err := os.Lstat(file); err == nil && info.Mode()&os.ModeSocket != 0 && deserted(file) {
			os.Remove(file)
		}
	}
	srv, err := managers.Listen(ctx, cfg)
	if err == nil && file != "" {
		err = os.Chmod(file, 0o600) // the key is needed anyway; this keeps others from knocking
		if err != nil {
			srv.Close()
		}
	}
	return srv, err
}

// deserted reports whether nobody listens at a socket.
func deserted(file string) bool {
	c, err := net.DialTimeout("unix", file, time.Second)
	if err == nil {
		c.Close()
		return false
	}
	return isRefused(err)
}
