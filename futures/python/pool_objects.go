package python

import (
	"errors"
	"fmt"

	"github.com/conexgo/conex/futures"
)

// This file is about the objects of a pool, each of which has a pool of its own, of
// one worker: its host.

func init() { startObject = startHost }

// startHost is startObject.
func startHost(p *Pool, spec objectSpec) (objectHost, error) {
	if p.object != nil {
		return nil, errors.New("python: the pool of an object has no objects")
	}
	cfg := p.cfg
	cfg.Name = fmt.Sprintf("%s/%s-%d", cfg.Name, spec.name, poolCount.Add(1))
	cfg.Workers, cfg.Spares = 1, 0
	cfg.MaxTasks, cfg.MaxAge, cfg.MaxRSS = 0, 0, 0
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return nil, futures.ErrShutdown
	}
	host := newPool(cfg, p.interpreter, &spec, p)
	if p.hosts == nil {
		p.hosts = make(map[*Pool]bool)
	}
	p.hosts[host] = true
	return host, nil
}

// gone is called when p has ended.
func (p *Pool) gone() {
	p.segs.close()
	if o := p.parent; o != nil {
		o.mu.Lock()
		delete(o.hosts, p)
		o.mu.Unlock()
	}
}

// endObjects calls end for the hosts that are left, all at the same time. There will
// be no more.
func (p *Pool) endObjects(end func(*Pool) error) error {
	p.mu.Lock()
	p.ended = true
	n := len(p.hosts)
	errs := make(chan error, n)
	for host := range p.hosts {
		go func() { errs <- end(host) }()
	}
	p.mu.Unlock()
	var err error
	for range n {
		err = errors.Join(err, <-errs)
	}
	return err
}
