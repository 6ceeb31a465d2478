package main

import (
	"reflect"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// propertyRules is shared by all collectors: the library makes an empty one for every session.
var propertyRules struct {
	tooNew map[string]bool
	denied map[types.ManagedObjectReference][]denial
	seen   *statistics
}

// collector is the library's PropertyCollector with a vCenter's manners: one unknown path fails the
// whole request, and a refused property is reported beside those that are granted.
type collector struct {
	simulator.PropertyCollector
}

func serveProperties(registry *simulator.Registry, bed *testbed, seen *statistics) {
	propertyRules.tooNew = map[string]bool{}
	propertyRules.denied = map[types.ManagedObjectReference][]denial{}
	propertyRules.seen = seen
	for _, name := range bed.TooNew {
		propertyRules.tooNew[name] = true
	}
	for _, item := range bed.Denied {
		ref := types.ManagedObjectReference{Type: item.Type, Value: item.Object}
		propertyRules.denied[ref] = append(propertyRules.denied[ref], item)
	}
	instance := registry.Get(vim25.ServiceInstance).(*simulator.ServiceInstance)
	replacement := new(collector)
	replacement.Self = instance.Content.PropertyCollector
	registry.Put(replacement)
}

func (c *collector) RetrievePropertiesEx(ctx *simulator.Context, request *types.RetrievePropertiesEx) soap.HasFault {
	if fault := unknownPath(request.SpecSet); fault != nil {
		return &methods.RetrievePropertiesExBody{Fault_: simulator.Fault("A property was not found.", fault)}
	}
	answer := c.PropertyCollector.RetrievePropertiesEx(ctx, request)
	if body, ok := answer.(*methods.RetrievePropertiesExBody); ok && body.Res != nil && body.Res.Returnval != nil {
		withhold(body.Res.Returnval.Objects)
	}
	return answer
}

func (c *collector) ContinueRetrievePropertiesEx(ctx *simulator.Context, request *types.ContinueRetrievePropertiesEx) soap.HasFault {
	answer := c.PropertyCollector.ContinueRetrievePropertiesEx(ctx, request)
	if body, ok := answer.(*methods.ContinueRetrievePropertiesExBody); ok && body.Res != nil {
		withhold(body.Res.Returnval.Objects)
	}
	return answer
}

// CreatePropertyCollector gives a session a collector of its own, with the same manners.
func (c *collector) CreatePropertyCollector(ctx *simulator.Context, _ *types.CreatePropertyCollector) soap.HasFault {
	own := new(collector)
	own.Self.Type = "PropertyCollector" // the registry would name it after the Go type
	return &methods.CreatePropertyCollectorBody{Res: &types.CreatePropertyCollectorResponse{
		Returnval: ctx.Session.Put(own).Reference(),
	}}
}

// RetrieveProperties is the old call without pages; the library's own would go around the rules.
func (c *collector) RetrieveProperties(ctx *simulator.Context, request *types.RetrieveProperties) soap.HasFault {
	inner := c.RetrievePropertiesEx(ctx, &types.RetrievePropertiesEx{This: request.This, SpecSet: request.SpecSet})
	if fault := inner.Fault(); fault != nil {
		return &methods.RetrievePropertiesBody{Fault_: fault}
	}
	result := inner.(*methods.RetrievePropertiesExBody).Res.Returnval
	return &methods.RetrievePropertiesBody{Res: &types.RetrievePropertiesResponse{Returnval: result.Objects}}
}

// Fetch reads one property. Its request type is internal to the library, hence the reflection.
func (c *collector) Fetch(ctx *simulator.Context, request any) soap.HasFault {
	fields := reflect.ValueOf(request).Elem()
	this := fields.FieldByName("This").Interface().(types.ManagedObjectReference)
	if item := denialOf(propertyRules.denied[this], fields.FieldByName("Prop").String()); item != nil {
		missing := refusal(this, item.Path, item.Privilege)
		return &methods.RetrievePropertiesBody{Fault_: simulator.Fault(missing.Fault.LocalizedMessage, missing.Fault.Fault)}
	}
	own := reflect.ValueOf(&c.PropertyCollector).MethodByName("Fetch")
	return own.Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(request)})[0].Interface().(soap.HasFault)
}

// unknownPath returns the fault for the first path that no object of its type can have.
func unknownPath(specs []types.PropertyFilterSpec) types.BaseMethodFault {
	for _, spec := range specs {
		for _, set := range spec.PropSet {
			kind, ok := managedType(set.Type)
			if !ok {
				return &types.InvalidType{Argument: set.Type}
			}
			for _, path := range set.PathSet {
				if !known(kind, path) {
					return &types.InvalidProperty{Name: path}
				}
				propertyRules.seen.path(set.Type + "." + path)
			}
		}
	}
	return nil
}

func managedType(name string) (reflect.Type, bool) {
	ref := types.ManagedObjectReference{Type: name, Value: "none"}
	object, err := mo.ObjectContentToType(types.ObjectContent{Obj: ref}, true)
	if err != nil {
		return nil, false
	}
	kind := reflect.TypeOf(object)
	for kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	return kind, kind.Kind() == reflect.Struct
}

// known follows the path through the declared types. It stops with yes where the declared type is a
// base class, because the objects themselves may then hold a subclass that has the property.
func known(kind reflect.Type, path string) bool {
	for _, name := range strings.Split(path, ".") {
		name, _, _ = strings.Cut(name, "[")
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		if kind.Kind() == reflect.Interface {
			return true
		}
		if kind.Kind() != reflect.Struct || name == "" {
			return false
		}
		field, ok := kind.FieldByName(strings.ToUpper(name[:1]) + name[1:])
		if !ok || propertyRules.tooNew[declaringType(kind, field)+"."+name] {
			return false
		}
		kind = field.Type
	}
	return true
}

// declaringType names the struct that holds the field itself, not by embedding.
func declaringType(kind reflect.Type, field reflect.StructField) string {
	for _, step := range field.Index[:len(field.Index)-1] {
		kind = kind.Field(step).Type
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
	}
	return kind.Name()
}

// withhold takes denied properties out of the objects and says so in their missingSet. It also drops
// properties without a value, which the library leaves in continued pages.
func withhold(objects []types.ObjectContent) {
	for i := range objects {
		object := &objects[i]
		denied := propertyRules.denied[object.Obj]
		granted := object.PropSet[:0]
		for _, property := range object.PropSet {
			if item := denialOf(denied, property.Name); item != nil {
				object.MissingSet = append(object.MissingSet, refusal(object.Obj, property.Name, item.Privilege))
			} else if property.Val != nil {
				granted = append(granted, property)
			}
		}
		object.PropSet = granted
	}
}

func denialOf(denied []denial, path string) *denial {
	for i := range denied {
		if path == denied[i].Path || strings.HasPrefix(path, denied[i].Path+".") {
			return &denied[i]
		}
	}
	return nil
}

func refusal(ref types.ManagedObjectReference, path, privilege string) types.MissingProperty {
	return types.MissingProperty{Path: path, Fault: types.LocalizedMethodFault{
		Fault:            &types.NoPermission{Object: &ref, PrivilegeId: privilege},
		LocalizedMessage: "Permission to perform this operation was denied.",
	}}
}
