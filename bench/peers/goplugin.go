package main

import (
	"fmt"
	"net/rpc"
	"time"

	"github.com/conexgo/conex/bench/internal/meter"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
)

var handshake = plugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "CONEX_BENCH_PLUGIN", MagicCookieValue: "inc"}

// incPlugin serves a [Worker] and hands the caller the bare net/rpc client: as little on top as go-plugin allows.
type incPlugin struct{}

func (incPlugin) Server(*plugin.MuxBroker) (any, error)                  { return Worker{}, nil }
func (incPlugin) Client(_ *plugin.MuxBroker, c *rpc.Client) (any, error) { return c, nil }

var plugins = plugin.PluginSet{"inc": incPlugin{}}

func servePlugin() {
	plugin.Serve(&plugin.ServeConfig{HandshakeConfig: handshake, Plugins: plugins, Logger: hclog.NewNullLogger()})
}

func callPlugin(s meter.Spec) (meter.Figure, error) {
	cmd, err := self("go-plugin", s.Place)
	if err != nil {
		return meter.Figure{}, err
	}
	cmd.Stderr = nil // go-plugin reads it itself
	c := plugin.NewClient(&plugin.ClientConfig{HandshakeConfig: handshake, Plugins: plugins, Cmd: cmd,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolNetRPC}, Logger: hclog.NewNullLogger()})
	defer c.Kill()
	proto, err := c.Client()
	if err != nil {
		return meter.Figure{}, err
	}
	raw, err := proto.Dispense("inc")
	if err != nil {
		return meter.Figure{}, err
	}
	client, ok := raw.(*rpc.Client)
	if !ok {
		return meter.Figure{}, fmt.Errorf("go-plugin dispensed a %T", raw)
	}
	if err := meter.SettleCaller(s.Place); err != nil {
		return meter.Figure{}, err
	}
	return meter.Calls(s, s.N/10, func(i int) (time.Duration, error) {
		return meter.Timed(i, func(i int) (r int, err error) {
			err = client.Call("Plugin.Inc", i, &r)
			return r, err
		})
	})
}
