# Ordinal and multinomial regression of the four hospitals by ordinal::clm, MASS::polr and nnet::multinom, for
# test_golden_levels.py. Rscript tests/golden/r_levels.R ../shared/data > tests/golden/r_levels.txt
suppressPackageStartupMessages({library(ordinal); library(MASS); library(nnet)})
cat("#", R.version.string, "| ordinal", as.character(packageVersion("ordinal")), "| MASS",
    as.character(packageVersion("MASS")), "| nnet", as.character(packageVersion("nnet")), "\n")
data_folder <- commandArgs(trailingOnly = TRUE)[1]
names_of_heart <- c("age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang", "oldpeak", "slope",
                    "ca", "thal", "num")
used <- c("age", "sex", "cp", "trestbps", "thalach", "exang", "oldpeak", "num")
hospitals <- lapply(c("cleveland", "hungarian", "switzerland", "va"), function(hospital) {
  table <- read.csv(file.path(data_folder, "heart", paste0("processed.", hospital, ".data")), header = FALSE,
                    col.names = names_of_heart, na.strings = "?")
  na.omit(table[, used])
})
sizes <- sapply(hospitals, nrow)
heart <- do.call(rbind, hospitals)
heart$stage <- factor(heart$num, ordered = TRUE)
say <- function(case, name, value) cat(sprintf("%s|%s|%.17g\n", case, name, value), sep = "")
tight <- clm.control(gradTol = 1e-11, maxIter = 200, maxLineIter = 50)
for (link in c("logit", "probit")) {
  model <- clm(stage ~ age + factor(sex) + factor(cp) + thalach + exang + oldpeak, data = heart, link = link,
               control = tight)
  say(link, "log-likelihood", as.numeric(logLik(model)))
  say(link, "largest gradient", max(abs(model$gradient)))
  estimates <- coef(model)
  errors <- sqrt(diag(vcov(model)))
  for (name in names(estimates)) {
    say(link, paste(name, "estimate"), estimates[name])
    say(link, paste(name, "error"), errors[name])
  }
  other <- polr(stage ~ age + factor(sex) + factor(cp) + thalach + exang + oldpeak, data = heart, Hess = TRUE,
                method = if (link == "logit") "logistic" else "probit", control = list(reltol = 1e-15, maxit = 1000))
  say(link, "polr log-likelihood", as.numeric(logLik(other)))
}
heart$site <- factor(rep(seq_along(sizes), sizes))
for (link in c("logit", "probit")) {
  model <- clm(stage ~ age + factor(sex) + exang + oldpeak + site, data = heart, link = link, control = tight)
  case <- paste(link, "fixed")
  say(case, "log-likelihood", as.numeric(logLik(model)))
  say(case, "largest gradient", max(abs(model$gradient)))
  for (name in names(coef(model))) {
    say(case, paste(name, "estimate"), coef(model)[name])
    say(case, paste(name, "error"), sqrt(vcov(model)[name, name]))
  }
  for (name in c("1|2", "2|3", "3|4")) {
    v <- vcov(model)
    say(case, paste(name, "gap"), coef(model)[name] - coef(model)["0|1"])
    say(case, paste(name, "gap error"), sqrt(v[name, name] + v["0|1", "0|1"] - 2 * v[name, "0|1"]))
  }
}
model <- multinom(factor(cp) ~ age + factor(sex) + thalach, heart, reltol = 1e-16, abstol = 1e-16, maxit = 2000,
                  trace = FALSE)
say("multinom", "log-likelihood", as.numeric(logLik(model)))
