// The door: finds a request's route, checks everything that can be checked, runs the handler, and
// turns errors into answers, once.
#pragma once

#include <string_view>

#include "api/message.h"
#include "api/page.h"
#include "api/request.h"
#include "api/router.h"

namespace querist::api {

struct App;

class Dispatcher {
 public:
  // The routes and assets must outlive it.
  Dispatcher(App& app, const Routes& routes, const std::vector<Asset>& assets);

  Door door();

  BodyPlan plan(const Incoming& incoming) const;
  Response answer(Incoming& incoming) const;
  // For the program's own use of its routes: the same checks, in the name of someone who needs no
  // token. Throws what went wrong.
  Response ask(Incoming& incoming, const Actor& actor) const;

 private:
  Response handle(Incoming& incoming, Request& request, const Route*& route) const;
  Response unmatched(const Incoming& incoming, const Request& request, const Match& match) const;
  void authorise(const Incoming& incoming, Request& request, const Route& route,
                 bool one_person) const;
  Response take(Incoming& incoming, Request& request, const Route& route) const;
  Response run(const Route& route, Request& request) const;

  App& app_;
  Router router_;
  PageFiles page_;
};

// The id a client sent, when it is short and plain, else a new one.
std::string request_id_of(const Incoming& incoming);

}  // namespace querist::api
